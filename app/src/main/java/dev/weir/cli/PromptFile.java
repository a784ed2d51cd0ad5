package dev.weir.cli;

import dev.weir.weights.StrictJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/// Prompts in a file of JSON lines: an object a line with `prompt` (a text) or `tokens` (ids), and
/// whatever else a readout asks for, such as `answer` or `corrupt`. One line is in memory at a
/// time.
///
/// @param path the file
/// @param lines how many prompts it holds
record PromptFile(Path path, int lines) {

  /// One prompt.
  ///
  /// @param prompt its text; empty where ids are given
  /// @param tokens its ids, where they are given
  /// @param fields everything else that stands in the line, texts as they are and the rest as JSON
  /// @param where the file and the line, for messages
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  record Line(String prompt, Optional<int[]> tokens, Map<String, String> fields, String where) {}

  /// Opens a file, and reads it once to find what is wrong with it before any work is done.
  static PromptFile open(Path path) {
    int[] count = {0};
    read(path, _ -> count[0]++);
    if (count[0] == 0) {
      throw CliException.noPrompts(path);
    }
    return new PromptFile(path, count[0]);
  }

  /// The prompt of a file that holds one.
  static Line only(Path path) {
    List<Line> found = new ArrayList<>();
    read(
        path,
        line -> {
          if (!found.isEmpty()) {
            throw CliException.severalTexts();
          }
          found.add(line);
        });
    if (found.isEmpty()) {
      throw CliException.noPrompts(path);
    }
    return found.getFirst();
  }

  /// Reads it, line by line.
  void forEach(Consumer<Line> reader) {
    read(path, reader);
  }

  private static void read(Path path, Consumer<Line> reader) {
    try (BufferedReader lines = Files.newBufferedReader(path)) {
      int number = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        if (!line.isBlank()) {
          reader.accept(line(line, "%s, line %d".formatted(path, number)));
        }
      }
    } catch (IOException e) {
      throw CliException.unreadable(path, e);
    }
  }

  private static Line line(String line, String where) {
    JsonNode node = StrictJson.parse(line.getBytes(StandardCharsets.UTF_8), where);
    if (node.isString()) {
      return new Line(node.stringValue(), Optional.empty(), Map.of(), where);
    }
    if (!node.isObject() || node.has("prompt") == node.has("tokens")) {
      throw CliException.badPromptLine(where, "needs either a prompt or tokens");
    }
    Map<String, String> fields = new LinkedHashMap<>();
    node.properties()
        .forEach(field ->
            fields.put(
                field.getKey(),
                field.getValue().isString()
                    ? field.getValue().stringValue()
                    : field.getValue().toString()));
    fields.keySet().removeAll(List.of("prompt", "tokens"));
    if (node.has("tokens")) {
      return new Line("", Optional.of(ids(node.get("tokens"), where)), fields, where);
    }
    if (!node.get("prompt").isString()) {
      throw CliException.badPromptLine(where, "has a prompt that is no text");
    }
    return new Line(node.get("prompt").stringValue(), Optional.empty(), fields, where);
  }

  private static int[] ids(JsonNode tokens, String where) {
    int[] ids =
        IntStream.range(0, tokens.size())
            .map(i -> tokens.get(i).isInt() ? tokens.get(i).intValue() : -1)
            .toArray();
    if (ids.length == 0 || Arrays.stream(ids).anyMatch(id -> id < 0)) {
      throw CliException.badPromptLine(where, "has tokens that are no list of ids");
    }
    return ids;
  }
}
