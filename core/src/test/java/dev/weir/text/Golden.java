package dev.weir.text;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What Hugging Face's own library gives (tools/golden/tokenizer_styles.py).
final class Golden {
  static final JsonMapper JSON = JsonMapper.shared();

  private Golden() {}

  static String text(String name) throws IOException {
    try (InputStream in = Golden.class.getResourceAsStream("/golden/tokenizers/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  static Tokenizer tokenizer(String style) throws IOException {
    return Tokenizers.ofJson(style, text(style + ".tokenizer.json"));
  }

  static List<JsonNode> rows(String style) throws IOException {
    JsonNode rows = JSON.readTree(text(style + ".expected.json")).path("rows");
    return StreamSupport.stream(rows.spliterator(), false).toList();
  }

  static int[] ints(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false).mapToInt(JsonNode::asInt).toArray();
  }

  /// The paragraphs that the golden vocabularies were learned from.
  static List<String> paragraphs() throws IOException {
    for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
      if (Files.exists(folder.resolve("LICENSE"))) {
        return List.of(Files.readString(folder.resolve("LICENSE")).split("\n\n", -1));
      }
    }
    throw new AssertionError("there is no LICENSE above this folder");
  }

  /// The rows of a CSV file with quoted fields, without its head.
  static List<List<String>> csv(Path file) throws IOException {
    String text = Files.readString(file);
    List<List<String>> rows = new ArrayList<>();
    List<String> row = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quoted && c == '"' && i + 1 < text.length() && text.charAt(i + 1) == '"') {
        field.append(c);
        i++;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (!quoted && (c == ',' || c == '\n')) {
        row.add(field.toString());
        field.setLength(0);
        if (c == '\n') {
          rows.add(row);
          row = new ArrayList<>();
        }
      } else if (quoted || c != '\r') {
        field.append(c);
      }
    }
    if (field.length() > 0 || !row.isEmpty()) {
      row.add(field.toString());
      rows.add(row);
    }
    return rows.subList(1, rows.size());
  }
}
