package dev.weir.train;

import dev.weir.text.Tokenizer;
import dev.weir.text.Tokenizers;
import dev.weir.train.task.Task;
import dev.weir.train.task.TaskData;
import dev.weir.train.task.TaskTokenizer;
import dev.weir.train.task.Tasks;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// The data of a run, opened.
///
/// @param data what is learned from and looked at
/// @param digest says what was found, so that other data are noticed
public record RunData(TrainingData data, String digest) {

  /// Which part of a corpus is looked at does not depend on the run's seeds, so that runs can be
  /// compared.
  private static final long PARTING_SEED = 0;

  /// How much of a file of tokens its digest is made of, at its beginning and at its end.
  private static final int SAMPLE = 1 << 18;

  /// Opens data for a new run and puts the tokenizer into the run's folder.
  ///
  /// @param settings where they are
  /// @param tokenizer which tokenizer texts get, or files of tokens were made with; tasks have
  ///   their own, and without one, texts get one that is learned from them
  /// @param dVocab how many tokens there are in files of tokens without a tokenizer, or in one that
  ///   is learned
  /// @param folder the run's folder
  /// @throws dev.weir.WeirException if they cannot be read or the folder cannot be written
  public static RunData prepare(
      DataSettings settings, Optional<RunTokenizer> tokenizer, OptionalInt dVocab, Path folder) {
    Optional<String> task = DataSettings.task(settings.source());
    if (task.isPresent()) {
      new RunTokenizer.Text(TaskTokenizer.json(Tasks.parse(task.get()))).write(List.of(), folder);
      return ofTask(task.get());
    }
    if (CorpusFiles.holdsTokens(Path.of(settings.source()))) {
      tokenizer.ifPresent(given -> given.write(List.of(), folder));
      int tokens =
          tokenizer.isPresent()
              ? vocabulary(folder)
              : dVocab.orElseThrow(() -> TrainException.noVocabulary(settings.source()));
      return ofTokens(settings, tokens);
    }
    Documents.Parted texts = texts(settings);
    tokenizer
        .orElseGet(() -> new RunTokenizer.Trained(dVocab.orElse(RunTokenizer.USUAL_VOCABULARY)))
        .write(texts.training().texts(), folder);
    return ofTexts(texts, folder);
  }

  /// Opens the data of a run that is there.
  ///
  /// @param settings where they are
  /// @param dVocab how many tokens there are
  /// @param folder the run's folder, with its tokenizer
  /// @throws dev.weir.WeirException if they cannot be read, or are not the same
  public static RunData open(DataSettings settings, int dVocab, Path folder) {
    Optional<String> task = DataSettings.task(settings.source());
    RunData found =
        task.isPresent()
            ? ofTask(task.get())
            : CorpusFiles.holdsTokens(Path.of(settings.source()))
                ? ofTokens(settings, dVocab)
                : ofTexts(texts(settings), folder);
    if (!found.digest.equals(settings.digest())) {
      throw TrainException.otherData(settings.source());
    }
    return found;
  }

  private static RunData ofTask(String name) {
    Task task = Tasks.parse(name);
    return new RunData(TaskData.of(task), task.name());
  }

  // ---------------------------------------------------------------- texts

  private static Documents.Parted texts(DataSettings settings) {
    Documents all = settings.files().texts(Path.of(settings.source()));
    return settings
        .validation()
        .map(file -> new Documents.Parted(all, settings.files().texts(Path.of(file))))
        .orElseGet(() -> all.part(settings.validationShare(), PARTING_SEED));
  }

  private static RunData ofTexts(Documents.Parted texts, Path folder) {
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      int boundary = RunTokenizer.boundary(tokenizer, folder);
      TextData data =
          new TextData(
              texts.training().tokens(tokenizer, boundary),
              texts.validation().tokens(tokenizer, boundary),
              tokenizer.vocabSize());
      return new RunData(data, digest(data));
    }
  }

  private static int vocabulary(Path folder) {
    try (Tokenizer tokenizer = Tokenizers.open(folder)) {
      return tokenizer.vocabSize();
    }
  }

  private static String digest(TextData data) {
    MessageDigest digest = sha256();
    for (Corpus corpus : List.of(data.training(), data.validation())) {
      digest.update(bytes(corpus.boundary(), corpus.documents().size()));
      for (int[] document : corpus.documents()) {
        digest.update(bytes(document.length));
        digest.update(bytes(document));
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  // ---------------------------------------------------------------- tokens

  private static RunData ofTokens(DataSettings settings, int dVocab) {
    List<TokenFile> all = settings.files().tokens(Path.of(settings.source()));
    TokenData data =
        settings
            .validation()
            .map(file -> TokenData.of(all, settings.files().tokens(Path.of(file)), dVocab))
            .orElseGet(
                () -> TokenData.parted(all, settings.validationShare(), PARTING_SEED, dVocab));
    return new RunData(data, digest(data));
  }

  private static String digest(TokenData data) {
    MessageDigest digest = sha256();
    for (List<TokenData.Stretch> side : List.of(data.training(), data.validation())) {
      for (TokenData.Stretch part : side) {
        digest.update(bytes((int) part.size(), (int) (part.size() >>> 32)));
        int sample = (int) Math.min(part.size(), SAMPLE);
        digest.update(bytes(part.file().slice(part.from(), sample)));
        digest.update(bytes(part.file().slice(part.from() + part.size() - sample, sample)));
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
