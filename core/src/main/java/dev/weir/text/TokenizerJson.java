package dev.weir.text;

import dev.weir.text.AddedToken.Role;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// A `tokenizer.json` that has been looked through: everything in it that could end the process
/// inside the native library, or exhaust memory, has been ruled out.
///
/// @param source where it came from
/// @param json the text itself
/// @param vocabulary its pieces, added tokens included
/// @param addedTokens its added tokens, by id
/// @param parts what its steps say
record TokenizerJson(
    String source,
    String json,
    Vocabulary vocabulary,
    List<AddedToken> addedTokens,
    TokenizerParts parts) {

  private static final int MAX_ADDED_TOKENS = 20_000;
  private static final int MAX_ADDED_LENGTH = 1_000;

  /// Looks through a `tokenizer.json`.
  ///
  /// @param source where it came from, for messages
  /// @param json its text
  /// @throws TextException if it cannot be used
  static TokenizerJson read(String source, String json) {
    try (JsonParser parser = Json.MAPPER.createParser(json)) {
      return new Reader(source).read(parser, json);
    } catch (JacksonException e) {
      throw TextException.badJson(source, Json.reason(e));
    }
  }

  /// One pass over the file: the vocabulary straight into its table, merges skipped (the native
  /// reader checks them against the vocabulary), the small rest as trees.
  private static final class Reader {
    private final String source;
    private final Map<String, JsonNode> top = new HashMap<>();
    private final Map<String, JsonNode> model = new HashMap<>();
    private final Vocabulary vocabulary;
    private boolean merges;

    Reader(String source) {
      this.source = source;
      this.vocabulary = new Vocabulary(source, 1 << 12);
    }

    TokenizerJson read(JsonParser parser, String json) {
      expect(parser.nextToken(), JsonToken.START_OBJECT, "the file");
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        if (name.equals("model")) {
          readModel(parser);
        } else {
          top.put(name, parser.readValueAsTree());
        }
      }
      if (parser.nextToken() != null) {
        throw TextException.badJson(source, "something follows its end");
      }
      return checked(json);
    }

    private TokenizerJson checked(String json) {
      checkModel();
      TokenizerParts parts = new TokenizerParts(source, vocabulary);
      parts.normalizer(top.getOrDefault("normalizer", nothing()));
      List<AddedToken> added = addedTokens(top.getOrDefault("added_tokens", nothing()), parts);
      parts.preTokenizer(top.getOrDefault("pre_tokenizer", nothing()));
      parts.postProcessor(top.getOrDefault("post_processor", nothing()));
      parts.decoder(top.getOrDefault("decoder", nothing()));
      return new TokenizerJson(source, json, vocabulary, added, parts);
    }

    private void readModel(JsonParser parser) {
      expect(parser.currentToken(), JsonToken.START_OBJECT, "model");
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        switch (name) {
          case "vocab" -> readVocabulary(parser, value);
          case "merges" -> {
            merges = true;
            parser.skipChildren();
          }
          default -> model.put(name, parser.readValueAsTree());
        }
      }
    }

    private void readVocabulary(JsonParser parser, JsonToken start) {
      if (start == JsonToken.START_ARRAY) {
        readScoredPieces(parser);
        return;
      }
      expect(start, JsonToken.START_OBJECT, "vocab");
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String piece = parser.currentName();
        expect(parser.nextToken(), JsonToken.VALUE_NUMBER_INT, "the id of a piece");
        vocabulary.add(piece, parser.getLongValue());
      }
    }

    /// The list of Unigram: `[piece, score]`, the id being the place in the list.
    private void readScoredPieces(JsonParser parser) {
      long id = 0;
      while (parser.nextToken() == JsonToken.START_ARRAY) {
        expect(parser.nextToken(), JsonToken.VALUE_STRING, "a piece");
        String piece = parser.getString();
        JsonToken score = parser.nextToken();
        if (!score.isNumeric() || !Double.isFinite(parser.getDoubleValue())) {
          throw TextException.badJson(source, "the score of '%s' is no number".formatted(piece));
        }
        expect(parser.nextToken(), JsonToken.END_ARRAY, "the end of a piece");
        if (piece.isEmpty()) {
          throw TextException.badVocabulary(source, "piece %d is empty".formatted(id));
        }
        vocabulary.add(piece, id++);
      }
      expect(parser.currentToken(), JsonToken.END_ARRAY, "the end of vocab");
    }

    private void checkModel() {
      String type = model.getOrDefault("type", nothing()).asString("");
      if (type.isEmpty() && merges) {
        type = "BPE"; // older files leave the type out
      }
      if (!Set.of("BPE", "Unigram", "WordPiece", "WordLevel").contains(type)) {
        throw TextException.unsupported(source, "a model of type '%s'".formatted(type));
      }
      if (vocabulary.count() == 0) {
        throw TextException.badVocabulary(source, "it is empty");
      }
      if (type.equals("BPE")) {
        checkBpe();
      }
    }

    private void checkBpe() {
      // The native reader cuts this many bytes off each merge without looking.
      if (!model.getOrDefault("continuing_subword_prefix", nothing()).asString("").isEmpty()) {
        throw TextException.unsupported(source, "a continuing_subword_prefix");
      }
      if (model.getOrDefault("dropout", nothing()).asDouble(0) != 0) {
        throw TextException.unsupported(source, "dropout, which splits the same text differently");
      }
    }

    private List<AddedToken> addedTokens(JsonNode list, TokenizerParts parts) {
      if (!list.isArray() && !list.isNull()) {
        throw TextException.badJson(source, "added_tokens is no list");
      }
      if (list.size() > MAX_ADDED_TOKENS) {
        throw TextException.badVocabulary(
            source, "%,d added tokens; at most %,d".formatted(list.size(), MAX_ADDED_TOKENS));
      }
      List<AddedToken> tokens = new ArrayList<>();
      AddedIds ids = new AddedIds(vocabulary.count());
      for (JsonNode node : list) {
        tokens.add(addedToken(node, ids));
      }
      requireFindable(list, parts);
      tokens.sort((a, b) -> Integer.compare(a.id(), b.id()));
      return List.copyOf(tokens);
    }

    /// Rules out what the native reader would stumble over when it looks for added tokens.
    private void requireFindable(JsonNode list, TokenizerParts parts) {
      boolean takesSpaces = list.valueStream().anyMatch(node -> isTrue(node, "rstrip", false));
      for (JsonNode node : list) {
        String content = node.path("content").asString("");
        boolean normalized = isTrue(node, "normalized", true);
        if (normalized && !parts.survivesNormalising(content)) {
          throw TextException.unsupported(
              source, "the added token '%s', which normalising removes".formatted(content));
        }
        if (takesSpaces && !parts.beginsSolid(content, normalized)) {
          throw TextException.unsupported(
              source, "the added token '%s' beside one that takes spaces along".formatted(content));
        }
      }
    }

    private static boolean isTrue(JsonNode node, String name, boolean otherwise) {
      return node.path(name).asBoolean(otherwise);
    }

    private AddedToken addedToken(JsonNode node, AddedIds ids) {
      String content = node.path("content").asString("");
      JsonNode id = node.path("id");
      if (content.isEmpty() || content.length() > MAX_ADDED_LENGTH || !id.isIntegralNumber()) {
        throw TextException.badVocabulary(
            source, "an added token needs an id and 1 to %,d chars".formatted(MAX_ADDED_LENGTH));
      }
      long given = id.canConvertToLong() ? id.asLong() : -1;
      long taken = vocabulary.id(content).orElseGet(ids::next);
      if (given != taken) {
        throw TextException.badVocabulary(
            source,
            "the added token '%s' says id %d, but Hugging Face's reader gives it %d"
                .formatted(content, given, taken));
      }
      vocabulary.add(content, given);
      ids.take((int) given);
      Role role = node.path("special").asBoolean(false) ? Role.SPECIAL : Role.TEXT;
      return new AddedToken((int) given, content, role);
    }

    private void expect(JsonToken is, JsonToken wanted, String what) {
      if (is != wanted) {
        throw TextException.badJson(source, "%s is not what belongs there".formatted(what));
      }
    }

    private static JsonNode nothing() {
      return JsonNodeFactory.instance.nullNode();
    }
  }

  /// Gives a new added token its id as Hugging Face's reader does: after the vocabulary, and after
  /// every added token before it.
  private static final class AddedIds {
    private final int modelSize;
    private int highest = -1;

    AddedIds(int modelSize) {
      this.modelSize = modelSize;
    }

    int next() {
      return highest >= modelSize ? highest + 1 : modelSize;
    }

    void take(int id) {
      highest = Math.max(highest, id);
    }
  }
}
