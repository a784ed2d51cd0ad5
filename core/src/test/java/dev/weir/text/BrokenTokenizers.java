package dev.weir.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Breaks tokenizers in seeded ways: bytes are flipped, cut and repeated; parts of the JSON are
/// swapped, removed and replaced by what does not belong there, also by parts of other tokenizers.
final class BrokenTokenizers {
  private static final List<String> STYLES =
      List.of(
          "gpt2",
          "neox",
          "llama3",
          "llama2",
          "mistral",
          "gemma",
          "added",
          "wordpiece",
          "unigram",
          "words");
  private static final List<String> TEXTS =
      List.of(
          "",
          "The License, 'tis 12345 \uD83D\uDE00 e\u0301 <s> a<mask> b [TOOL]\n\n  \u2581x <0xZ\u00E9>",
          " \t ",
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
  private static final List<String> ODD_TEXTS =
      List.of(
          " ",
          "  ",
          "\n",
          "\t",
          "a",
          "The",
          "e\u0301",
          "\u0301",
          "\u00A8",
          "\uFDFA",
          "\u2581",
          "\u0130",
          "\u00DF",
          "\uD83D\uDE00",
          "\u200D",
          "\u00A0",
          "\u0000",
          "\uFEFF",
          "<0x",
          "41>",
          "\u4F60",
          "1",
          "o'clock",
          "<|",
          "\u0345",
          "\u1E9B\u0323");
  private static final List<String> ODD_VALUES =
      List.of(
          "null",
          "true",
          "-1",
          "0",
          "3",
          "4294967296",
          "1e400",
          "9223372036854775808",
          "0.5",
          "\"\"",
          "\" \"",
          "\"a\"",
          "\"\u2581\"",
          "\"\u00E9\"",
          "\"(a+)+b\"",
          "\"(\"",
          "\"[\"",
          "\"\\\\1\"",
          "\".*.*.*x\"",
          "\"\\ud800\"",
          "[]",
          "{}",
          "[[]]",
          "[\"a\",\"b\"]",
          "[\"\u00E9\",1]",
          "{\"String\":\"\"}",
          "{\"String\":\" \"}",
          "{\"Regex\":\"\"}",
          "{\"Regex\":\"\\\\s*\"}",
          "{\"Regex\":\"a|\"}",
          "{\"type\":\"Strip\",\"content\":\" \",\"start\":9,\"stop\":0}",
          "{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true}",
          "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\".\"},\"content\":\"\"}",
          "{\"type\":\"Replace\",\"pattern\":{\"String\":\"e\"},\"content\":\"\"}",
          "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\" ?\"},\"content\":\"xyz\"}",
          "{\"type\":\"Prepend\",\"prepend\":\"\"}",
          "{\"type\":\"Nmt\"}",
          "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":true}",
          "{\"type\":\"Metaspace\",\"replacement\":\"a\",\"prepend_scheme\":\"always\",\"split\":true}",
          "{\"type\":\"CharDelimiterSplit\",\"delimiter\":\"e\"}",
          "{\"type\":\"UnicodeScripts\"}",
          "{\"type\":\"FixedLength\",\"length\":0}",
          "{\"type\":\"CTC\",\"pad_token\":\"a\",\"word_delimiter_token\":\"\",\"cleanup\":true}",
          "{\"type\":\"BPEDecoder\",\"suffix\":\"\"}",
          "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"\\\\s\"},\"behavior\":\"MergedWithNext\",\"invert\":true}",
          "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"e?\"},\"behavior\":\"Contiguous\",\"invert\":false}",
          "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"$\"},\"behavior\":\"Removed\",\"invert\":false}",
          "{\"type\":\"Punctuation\",\"behavior\":\"Contiguous\"}",
          "{\"type\":\"TemplateProcessing\",\"single\":[],\"pair\":[],\"special_tokens\":{}}",
          "{\"Sequence\":{\"id\":\"B\",\"type_id\":0}}",
          "{\"SpecialToken\":{\"id\":\"nowhere\",\"type_id\":0}}");

  private final List<JsonNode> files = new ArrayList<>();
  private final List<String> texts = new ArrayList<>();

  BrokenTokenizers() throws IOException {
    for (String style : STYLES) {
      String text = Golden.text(style + ".tokenizer.json");
      texts.add(text);
      files.add(Golden.JSON.readTree(text));
    }
  }

  /// What becomes of one broken tokenizer.
  enum Outcome {
    OPENED,
    REFUSED
  }

  /// Breaks a tokenizer and uses what is left of it.
  ///
  /// @throws TextException never; anything else that is thrown is a fault
  Outcome tryOne(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    String json = random.nextInt(4) == 0 ? brokenBytes(random) : brokenParts(random);
    try (Tokenizer tokenizer = Tokenizers.ofJson("seed " + seed, json)) {
      for (String text : TEXTS) {
        use(tokenizer, text, random);
      }
      use(tokenizer, randomText(tokenizer, random), random);
      return Outcome.OPENED;
    } catch (TextException refused) {
      String message = String.valueOf(refused.getMessage());
      if (message.lines().count() != 1 || !message.contains(" To fix: ")) {
        throw new AssertionError("not one line of advice: " + message, refused);
      }
      return Outcome.REFUSED;
    }
  }

  /// Added tokens, spaces and odd characters in any order.
  private static String randomText(Tokenizer tokenizer, SplittableRandom random) {
    List<String> parts = new ArrayList<>(ODD_TEXTS);
    tokenizer.addedTokens().forEach(token -> parts.add(token.content()));
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      text.append(parts.get(random.nextInt(parts.size())));
    }
    return text.toString();
  }

  private static void use(Tokenizer tokenizer, String text, SplittableRandom random) {
    try {
      TokenSequence tokens = tokenizer.encode(text, Bos.AS_CONFIGURED);
      for (int i = 0; i < tokens.size(); i++) {
        tokens.offset(i).of(text);
        tokenizer.token(tokens.id(i));
      }
      tokenizer.decode(tokens.ids());
      int[] any = random.ints(40, 0, tokenizer.vocabSize() + 5).toArray();
      tokenizer.decode(any, SpecialTokens.KEEP);
      DecodeStream stream = new DecodeStream(tokenizer, SpecialTokens.LEAVE_OUT);
      for (int id : any) {
        stream.add(id);
      }
    } catch (TextException refused) {
      // A text that this vocabulary cannot spell.
    }
  }

  private String brokenBytes(SplittableRandom random) {
    byte[] bytes = texts.get(random.nextInt(texts.size())).getBytes(StandardCharsets.UTF_8);
    return switch (random.nextInt(3)) {
      case 0 -> new String(bytes, 0, random.nextInt(bytes.length), StandardCharsets.UTF_8);
      case 1 -> {
        for (int i = 0; i <= random.nextInt(8); i++) {
          bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        yield new String(bytes, StandardCharsets.UTF_8);
      }
      default -> {
        String text = new String(bytes, StandardCharsets.UTF_8);
        int from = random.nextInt(text.length());
        int to = Math.min(text.length(), from + random.nextInt(200));
        yield text.substring(0, to) + text.substring(from);
      }
    };
  }

  private String brokenParts(SplittableRandom random) {
    JsonNode file = files.get(random.nextInt(files.size())).deepCopy();
    int times = 1 + random.nextInt(4);
    for (int i = 0; i < times; i++) {
      breakOne(file, random);
    }
    return file.toString();
  }

  /// Walks down at random, more often into the small parts than into vocabulary and merges.
  private void breakOne(JsonNode file, SplittableRandom random) {
    JsonNode node = file;
    while (true) {
      JsonNode child = child(node, random);
      if (!child.isContainer() || child.isEmpty() || random.nextInt(4) == 0) {
        break;
      }
      node = child;
    }
    if (node instanceof ObjectNode object && !object.isEmpty()) {
      List<String> names = List.copyOf(object.propertyNames());
      String name = names.get(random.nextInt(names.size()));
      if (random.nextInt(5) == 0) {
        object.remove(name);
      } else {
        object.set(name, replacement(name, random));
      }
    } else if (node instanceof ArrayNode array && !array.isEmpty()) {
      int index = random.nextInt(array.size());
      switch (random.nextInt(3)) {
        case 0 -> array.remove(index);
        case 1 -> array.add(array.get(index));
        default -> array.set(index, replacement("", random));
      }
    }
  }

  private static JsonNode child(JsonNode node, SplittableRandom random) {
    List<JsonNode> children = new ArrayList<>(node.values());
    return children.isEmpty() ? node : children.get(random.nextInt(children.size()));
  }

  private JsonNode replacement(String name, SplittableRandom random) {
    JsonNode other = files.get(random.nextInt(files.size())).path(name);
    if (random.nextBoolean() && !other.isMissingNode()) {
      return other.deepCopy();
    }
    return Golden.JSON.readTree(ODD_VALUES.get(random.nextInt(ODD_VALUES.size())));
  }
}
