package dev.weir.train;

import dev.weir.WeirException;
import dev.weir.weights.StrictJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/// Reads a corpus from a file, or from all files of a folder in the order of their names; files
/// whose names begin with a dot, and folders within, are left out. What a file holds, its name
/// says: `.jsonl` and `.ndjson` one JSON value per line, `.json` an array of them, `.bin` and
/// `.npy` tokens, anything else text.
///
/// @param rule where a document of a text file ends
/// @param field which field of a JSON object holds its text; a JSON string is a text itself
/// @param width how a `.bin` file writes a token
public record CorpusFiles(DocumentRule rule, String field, TokenFile.Width width) {

  /// A text file is read whole; with its tokens it then takes several times its size.
  private static final long LONGEST_TEXT = 2_000_000_000;

  private static final long LONGEST_ARRAY = 1L << 30;

  /// A file is a document, JSON texts are in `text`, tokens are unsigned 16-bit numbers.
  public static CorpusFiles usual() {
    return new CorpusFiles(new DocumentRule.WholeFile(), "text", TokenFile.Width.UINT16);
  }

  /// Whether a file, or the files of a folder, hold tokens and not texts.
  ///
  /// @param path the file or folder
  /// @throws TrainException if it cannot be read, or a folder holds both
  public static boolean holdsTokens(Path path) {
    List<Path> files = files(path);
    List<Path> tokens = files.stream().filter(CorpusFiles::isTokens).toList();
    if (!tokens.isEmpty() && tokens.size() < files.size()) {
      Path text = files.stream().filter(file -> !isTokens(file)).findFirst().orElseThrow();
      throw TrainException.textsAndTokens(path.toString(), name(text), name(tokens.getFirst()));
    }
    return !tokens.isEmpty();
  }

  private static boolean isTokens(Path file) {
    return name(file).endsWith(".bin") || name(file).endsWith(".npy");
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
  }

  /// The texts of a file or folder.
  ///
  /// @param path the file or folder
  /// @throws TrainException if it cannot be read, or is not what its name says
  public Documents texts(Path path) {
    List<String> texts = new ArrayList<>();
    for (Path file : files(path)) {
      read(file, texts::add);
    }
    return new Documents(texts);
  }

  /// The tokens of a file or folder, mapped and not read.
  ///
  /// @param path the file or folder
  /// @throws TrainException if it cannot be read, or is not what its name says
  public List<TokenFile> tokens(Path path) {
    List<TokenFile> tokens = new ArrayList<>();
    for (Path file : files(path)) {
      if (!isTokens(file)) {
        throw TrainException.textsForTokens(file.toString());
      }
      tokens.add(TokenFile.open(file, width));
    }
    return List.copyOf(tokens);
  }

  private static List<Path> files(Path path) {
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    try (Stream<Path> found = Files.list(path)) {
      List<Path> files =
          found
              .filter(file -> Files.isRegularFile(file) && !name(file).startsWith("."))
              .sorted()
              .toList();
      if (files.isEmpty()) {
        throw TrainException.emptyFolder(path.toString());
      }
      return files;
    } catch (IOException e) {
      throw TrainException.unreadableCorpus(path.toString(), e);
    }
  }

  private void read(Path file, Consumer<String> texts) {
    String name = name(file);
    if (isTokens(file)) {
      throw TrainException.tokensForTexts(file.toString());
    } else if (name.endsWith(".jsonl") || name.endsWith(".ndjson")) {
      readLines(file, texts);
    } else if (name.endsWith(".json")) {
      readArray(file, texts);
    } else {
      rule.documents(text(file)).forEach(texts);
    }
  }

  // ---------------------------------------------------------------- text

  private static String text(Path file) {
    try {
      long size = Files.size(file);
      if (size > LONGEST_TEXT) {
        throw TrainException.textFileTooLong(file.toString(), size, LONGEST_TEXT);
      }
      String text = Files.readString(file);
      if (text.isBlank()) {
        throw TrainException.emptyCorpusFile(file.toString());
      }
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw TrainException.notUtf8(file.toString(), firstBadByte(file));
    } catch (IOException e) {
      throw TrainException.unreadableCorpus(file.toString(), e);
    }
  }

  private static long firstBadByte(Path file) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
    CharBuffer chars = CharBuffer.allocate(1 << 16);
    long before = 0;
    try (FileChannel channel = FileChannel.open(file)) {
      boolean more = true;
      while (more) {
        more = channel.read(bytes) >= 0;
        bytes.flip();
        CoderResult result = decoder.decode(bytes, chars, !more);
        before += bytes.position();
        if (result.isError()) {
          return before;
        }
        bytes.compact();
        chars.clear();
      }
      return before;
    } catch (IOException e) {
      throw TrainException.unreadableCorpus(file.toString(), e);
    }
  }

  // ---------------------------------------------------------------- JSON

  private void readLines(Path file, Consumer<String> texts) {
    int number = 0;
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (!line.isBlank()) {
          String where = "%s, line %,d".formatted(file, number);
          accept(textOf(json(line.getBytes(StandardCharsets.UTF_8), where), where), texts);
        }
      }
    } catch (CharacterCodingException e) {
      throw TrainException.notUtf8(file.toString(), firstBadByte(file));
    } catch (IOException e) {
      throw TrainException.unreadableCorpus(file.toString(), e);
    }
    if (number == 0) {
      throw TrainException.emptyCorpusFile(file.toString());
    }
  }

  private static void accept(String text, Consumer<String> texts) {
    if (!text.isBlank()) {
      texts.accept(text);
    }
  }

  private static JsonNode json(byte[] utf8, String where) {
    try {
      return StrictJson.parse(utf8, where);
    } catch (WeirException e) {
      throw TrainException.badJsonEntry(where, reason(e));
    }
  }

  /// What was wrong, without where: that is said better here.
  private static String reason(WeirException e) {
    String message = e.getMessage();
    int from = message.indexOf(": ") + 2;
    int to = message.indexOf(". Where: ");
    return to > from ? message.substring(from, to) : message;
  }

  private void readArray(Path file, Consumer<String> texts) {
    if (!Files.isReadable(file)) {
      throw TrainException.unreadableCorpus(
          file.toString(), new NoSuchFileException(file.toString()));
    }
    JsonNode array = StrictJson.read(file, LONGEST_ARRAY);
    if (!array.isArray()) {
      throw TrainException.noJsonArray(file.toString(), described(array));
    }
    int number = 0;
    for (JsonNode entry : array) {
      number++;
      accept(textOf(entry, "%s, entry %,d".formatted(file, number)), texts);
    }
    if (number == 0) {
      throw TrainException.emptyCorpusFile(file.toString());
    }
  }

  private String textOf(JsonNode entry, String where) {
    if (entry.isObject() && !entry.has(field)) {
      throw TrainException.missingField(where, field, named(entry));
    }
    JsonNode text = entry.isObject() ? entry.path(field) : entry;
    if (!text.isString()) {
      throw TrainException.fieldIsNoText(where, described(text));
    }
    return text.asString();
  }

  private static String named(JsonNode object) {
    List<String> names = object.propertyNames().stream().limit(8).toList();
    return names.isEmpty() ? "an empty object" : "'" + String.join("', '", names) + "'";
  }

  private static String described(JsonNode node) {
    return switch (node.getNodeType()) {
      case ARRAY -> "an array";
      case OBJECT -> "an object";
      case NUMBER -> "a number";
      case BOOLEAN -> "true or false";
      case STRING -> "a string";
      case NULL -> "null";
      case BINARY, MISSING, POJO -> "nothing";
    };
  }
}
