package dev.weir.page.library;

import java.text.Normalizer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What texts the library keeps. Names are compared as readers see them: in composed form, without
/// spaces around them.
final class Text {
  private static final int NAME = 120;
  private static final int TAG = 40;
  private static final int TAGS = 20;
  private static final int LONG = 10_000;
  private static final int JSON = 100_000;

  /// ASCII alone, so that half characters in prompts are kept, too.
  private static final JsonMapper ASCII =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private Text() {}

  /// One line that names something.
  static String name(String field, String name) {
    String neat = line(field, name, NAME);
    if (neat.isEmpty()) {
      throw Problems.bad("It has no name", field, "give it one");
    }
    return neat;
  }

  /// One line, perhaps empty.
  static String line(String field, String line) {
    return line(field, line, NAME);
  }

  private static String line(String field, String line, int most) {
    String neat = Normalizer.normalize(line, Normalizer.Form.NFC).strip();
    requireCharacters(field, neat, "");
    return requireLength(field, neat, most);
  }

  /// Several lines, perhaps none.
  static String lines(String field, String text) {
    requireCharacters(field, text, "\n\t\r");
    return requireLength(field, text, LONG);
  }

  /// What a model was asked: any characters that UTF-8 can hold.
  static String prompt(String field, String prompt) {
    requireWhole(field, prompt);
    return requireLength(field, prompt, JSON);
  }

  /// Short lines, each once.
  static List<String> tags(String field, List<String> tags) {
    if (tags.size() > TAGS) {
      throw Problems.tooLong(field, tags.size(), TAGS, "tags");
    }
    return tags.stream()
        .map(tag -> line(field, tag, TAG))
        .filter(tag -> !tag.isEmpty())
        .collect(Collectors.toCollection(LinkedHashSet::new))
        .stream()
        .toList();
  }

  /// An object, as text.
  static String object(String field, JsonNode object) {
    if (!object.isObject()) {
      throw Problems.bad("It is not a JSON object", field, "give an object: {..}");
    }
    return requireLength(field, ASCII.writeValueAsString(object), JSON);
  }

  /// An object; an empty one where there is none.
  static JsonNode present(@Nullable JsonNode object) {
    return object == null || object.isNull() ? ASCII.createObjectNode() : object;
  }

  /// All texts that an object holds, at any depth.
  static String leaves(JsonNode node) {
    return node.isString()
        ? node.stringValue()
        : node.valueStream().map(Text::leaves).collect(Collectors.joining("\n"));
  }

  /// The name of a copy: `name (2)`.
  static String copy(String name, int copy) {
    String ending = copy == 1 ? "" : " (%d)".formatted(copy);
    String neat = name.strip();
    int room = Math.min(neat.codePointCount(0, neat.length()), NAME - ending.length());
    return copy == 1 ? name : neat.substring(0, neat.offsetByCodePoints(0, room)) + ending;
  }

  /// An object that [#object] wrote.
  static JsonNode object(String json) {
    return ASCII.readTree(json);
  }

  static String array(List<String> texts) {
    return ASCII.writeValueAsString(texts);
  }

  /// An array that [#array] wrote.
  static List<String> array(String json) {
    return List.of(ASCII.readValue(json, String[].class));
  }

  /// What is searched: without differences of case or of compatible characters.
  static String folded(String... texts) {
    return Normalizer.normalize(String.join("\n", texts), Normalizer.Form.NFKC)
        .toLowerCase(Locale.ROOT)
        .replace('\0', ' ');
  }

  /// The words of a search, folded.
  static List<String> words(String words) {
    return Stream.of(folded(words).split("\\s+", -1)).filter(word -> !word.isEmpty()).toList();
  }

  private static void requireCharacters(String field, String text, String allowed) {
    requireWhole(field, text);
    text.chars()
        .filter(c -> Character.isISOControl(c) && allowed.indexOf(c) < 0)
        .findFirst()
        .ifPresent(c -> {
          throw Problems.bad(
              "It holds a control character, U+%04X".formatted(c), field, "remove it");
        });
  }

  /// UTF-8 has no half characters: they would come back as question marks.
  private static void requireWhole(String field, String text) {
    text.codePoints()
        .filter(c -> Character.getType(c) == Character.SURROGATE)
        .findFirst()
        .ifPresent(c -> {
          throw Problems.bad(
              "It holds half of a character, U+%04X".formatted(c), field, "remove it");
        });
  }

  private static String requireLength(String field, String text, int most) {
    int length = text.codePointCount(0, text.length());
    if (length > most) {
      throw Problems.tooLong(field, length, most, "characters");
    }
    return text;
  }
}
