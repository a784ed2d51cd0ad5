package dev.weir.train;

import dev.weir.text.Tokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The texts of a run: those to learn from and those to look at.
///
/// @param training documents
/// @param validation other documents
public record RunTexts(List<String> training, List<String> validation) {
  private static final Pattern EMPTY_LINES = Pattern.compile("\\R(?:[ \\t]*\\R)+");

  public RunTexts {
    training = List.copyOf(training);
    validation = List.copyOf(validation);
    if (training.isEmpty() || validation.isEmpty()) {
      throw TrainException.noTexts();
    }
  }

  /// Reads the texts.
  ///
  /// @param settings where they are
  /// @throws TrainException if a file cannot be read or holds nothing
  public static RunTexts read(DataSettings settings) {
    String text = text(Path.of(settings.texts()));
    if (settings.validation().isPresent()) {
      return new RunTexts(
          documents(text, settings.documents()),
          documents(text(Path.of(settings.validation().get())), settings.documents()));
    }
    return switch (settings.documents()) {
      case WHOLE -> parted(text, settings.validationShare());
      case PARAGRAPHS -> parted(documents(text, settings.documents()), settings.validationShare());
    };
  }

  private static RunTexts parted(List<String> documents, double share) {
    int held = (int) Math.max(1, Math.round(documents.size() * share));
    int cut = Math.max(0, documents.size() - held);
    return new RunTexts(documents.subList(0, cut), documents.subList(cut, documents.size()));
  }

  private static RunTexts parted(String text, double share) {
    int cut = text.offsetByCodePoints(0, (int) (text.codePoints().count() * (1 - share)));
    return new RunTexts(
        Stream.of(text.substring(0, cut)).filter(part -> !part.isEmpty()).toList(),
        Stream.of(text.substring(cut)).filter(part -> !part.isEmpty()).toList());
  }

  private static List<String> documents(String text, DataSettings.Documents how) {
    return switch (how) {
      case WHOLE -> Stream.of(text).filter(all -> !all.isBlank()).toList();
      case PARAGRAPHS ->
          EMPTY_LINES.splitAsStream(text.strip()).filter(part -> !part.isBlank()).toList();
    };
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw TrainException.unreadableText(file.toString(), e);
    }
  }

  /// The texts as tokens.
  ///
  /// @param tokenizer what cuts them
  /// @param boundary the token between texts
  public Tokens tokens(Tokenizer tokenizer, int boundary) {
    return new Tokens(
        Corpus.of(training, tokenizer, boundary), Corpus.of(validation, tokenizer, boundary));
  }

  /// The texts of a run as tokens.
  ///
  /// @param training to learn from
  /// @param validation to look at
  public record Tokens(Corpus training, Corpus validation) {

    /// SHA-256 of all tokens in their order, in hexadecimal.
    public String digest() {
      MessageDigest digest = sha256();
      for (Corpus corpus : List.of(training, validation)) {
        digest.update(bytes(corpus.boundary(), corpus.documents().size()));
        for (int[] document : corpus.documents()) {
          digest.update(bytes(document.length));
          digest.update(bytes(document));
        }
      }
      return HexFormat.of().formatHex(digest.digest());
    }

    private static byte[] bytes(int... numbers) {
      ByteBuffer buffer = ByteBuffer.allocate(Math.multiplyExact(numbers.length, Integer.BYTES));
      buffer.asIntBuffer().put(numbers);
      return buffer.array();
    }

    private static MessageDigest sha256() {
      try {
        return MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("Every Java has SHA-256", e);
      }
    }
  }
}
