package dev.weir.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// JSON without leniency: valid UTF-8, no name twice in one object, nothing after the end, limited
/// depth and size. A loader never guesses which of two values was meant.
public final class StrictJson {
  private static final int DEEPEST = 64;
  private static final int LONGEST_NAME = 4096;
  private static final int LONGEST_NUMBER = 100;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEEPEST)
                  .maxNameLength(LONGEST_NAME)
                  .maxNumberLength(LONGEST_NUMBER)
                  .maxStringLength(1 << 24)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // Names are used once; a shared table of them only invites collisions.
          .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
          .build();

  private static final JsonMapper MAPPER =
      JsonMapper.builder(FACTORY).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  /// Settings of the parser, and that it does not show what it read.
  private static final Pattern PARSERS_WORDS =
      Pattern.compile("Source: REDACTED \\([^)]*\\); |; `\\w+Feature\\.\\w+` (en|dis)abled");

  private StrictJson() {}

  /// The JSON document in this file.
  ///
  /// @param file the file
  /// @param longest how many bytes it may have
  /// @throws WeightException if it is not there, too long, or not strict JSON
  public static JsonNode read(Path file, long longest) {
    MappedFile.requireFile(file);
    try {
      long size = Files.size(file);
      if (size > longest) {
        throw WeightException.jsonTooLong(file, size, longest);
      }
      return parse(Files.readAllBytes(file), file.toString());
    } catch (IOException e) {
      throw WeightException.cannotRead(file, e);
    }
  }

  /// The JSON document in these bytes.
  ///
  /// @param utf8 the bytes
  /// @param where where they come from, for the message
  /// @throws WeightException if they are not strict JSON
  public static JsonNode parse(byte[] utf8, String where) {
    try {
      JsonNode node = MAPPER.readTree(decode(ByteBuffer.wrap(utf8), where));
      if (node == null || node.isMissingNode()) {
        throw WeightException.badJson(where, "there is nothing in it");
      }
      return node;
    } catch (JacksonException e) {
      throw WeightException.badJson(where, describe(e));
    }
  }

  /// A parser of this text, for documents that are too large for a tree.
  static JsonParser parser(String text) {
    return FACTORY.createParser(ObjectReadContext.empty(), text);
  }

  static String decode(ByteBuffer utf8, String where) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
    } catch (CharacterCodingException _) {
      throw WeightException.badJson(where, "it is not valid UTF-8");
    }
  }

  /// What is wrong and where, without what only a programmer of Jackson wants to know.
  ///
  /// @param e what a parser threw
  public static String describe(JacksonException e) {
    String what = PARSERS_WORDS.matcher(e.getOriginalMessage()).replaceAll("");
    return e.getLocation() == null || e.getLocation().getCharOffset() < 0
        ? what
        : what + ", at character " + e.getLocation().getCharOffset();
  }
}
