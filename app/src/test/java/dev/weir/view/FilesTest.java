package dev.weir.view;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hardwood.InputFile;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What was written is what is read back, each time by a reader that is not ours or is written out
/// here from the format's own description.
class FilesTest {
  private static final double AWKWARD = 0.1 + 0.2;

  @TempDir Path folder;

  private final Table table =
      Table.named("tokens")
          .title("Tokens that bite")
          .integer("id", "", "Number in the vocabulary")
          .token("token", "The token")
          .real("p", "", "Probability")
          .row(0, "plain", AWKWARD)
          .row(Long.MIN_VALUE, "a,\"b\"\r\nc\td", -1e-300)
          .row(2, "", Double.NaN)
          .row(3, Cell.missing(), Double.NEGATIVE_INFINITY)
          .row(4, " 日本👩‍🚀\u202E", Cell.missing())
          .row(5, "\ud800", 7)
          .note("Raw coordinates.")
          .build();

  @Test
  void csvComesBackFieldByField() throws IOException {
    Path file = folder.resolve("t.csv");
    CsvFile.write(table, file);

    List<List<String>> lines = csv(Files.readString(file, UTF_8));

    assertThat(lines)
        .containsExactly(
            List.of("id", "token", "p"),
            List.of("0", "plain", "0.30000000000000004"),
            List.of("-9223372036854775808", "a,\"b\"\r\nc\td", "-1.0E-300"),
            List.of("2", "", "NaN"),
            List.of("3", "", "-Infinity"),
            List.of("4", " 日本👩‍🚀\u202E", ""),
            List.of("5", "\ufffd", "7"));
    assertThat(Files.readString(file)).contains("\r\n2,\"\",NaN\r\n3,,-Infinity\r\n");
  }

  @Test
  void csvHoldsNoControlCharacterButLineBreaksAndTabs() throws IOException {
    Path file = folder.resolve("t.csv");
    CsvFile.write(Table.named("t").token("x", "").row("\u0000\u0007\u001b[31m").build(), file);

    assertThat(Files.readString(file)).isEqualTo("x\r\n\\x00\\x07\\x1b[31m\r\n");
  }

  @Test
  void jsonComesBackInItsDocumentedLayout() {
    Path file = folder.resolve("t.json");
    Report report =
        new Report("T", "S", List.of(new Report.TableSection(table)), List.of("A note."));
    JsonFile.write(report, file);

    JsonNode root = JsonMapper.builder().build().readTree(file.toFile());

    assertThat(root.propertyNames()).containsExactly("title", "subtitle", "notes", "tables");
    JsonNode first = root.get("tables").get(0);
    assertThat(first.propertyNames()).containsExactly("name", "title", "notes", "columns", "rows");
    assertThat(first.get("columns").get(1).toString())
        .isEqualTo(
            """
            {"name":"token","kind":"token","unit":"","description":"The token"}\
            """);
    JsonNode rows = first.get("rows");
    assertThat(rows).hasSize(6);
    assertThat(rows.get(0).get(2).doubleValue()).isEqualTo(AWKWARD);
    assertThat(rows.get(1).get(0).longValue()).isEqualTo(Long.MIN_VALUE);
    assertThat(rows.get(1).get(1).stringValue()).isEqualTo("a,\"b\"\r\nc\td");
    assertThat(rows.get(2).get(2).stringValue()).isEqualTo("NaN");
    assertThat(rows.get(3).get(1).isNull()).isTrue();
    assertThat(rows.get(3).get(2).stringValue()).isEqualTo("-Infinity");
    assertThat(rows.get(4).get(1).stringValue()).isEqualTo(" 日本👩‍🚀\u202E");
  }

  @Test
  void parquetComesBackThroughAnotherLibrary() throws IOException {
    Path file = folder.resolve("t.parquet");
    ParquetFile.write(table, file);

    List<List<Object>> rows = new ArrayList<>();
    try (ParquetFileReader reader = ParquetFileReader.open(InputFile.of(file));
        RowReader row = reader.rowReader()) {
      while (row.hasNext()) {
        row.next();
        rows.add(
            List.of(
                row.getLong("id"),
                row.isNull("token") ? "null" : row.getString("token"),
                row.isNull("p") ? "null" : row.getDouble("p")));
      }
    }

    assertThat(rows)
        .containsExactly(
            List.of(0L, "plain", AWKWARD),
            List.of(Long.MIN_VALUE, "a,\"b\"\r\nc\td", -1e-300),
            List.of(2L, "", Double.NaN),
            List.of(3L, "null", Double.NEGATIVE_INFINITY),
            List.of(4L, " 日本👩‍🚀\u202E", "null"),
            List.of(5L, "\ufffd", 7.0));
  }

  @Test
  void parquetReplacesAnOlderFileAndLeavesNothingBeside() throws IOException {
    Path file = folder.resolve("t.parquet");
    Files.writeString(file, "old");

    ParquetFile.write(table, file);

    assertThat(Files.size(file)).isGreaterThan(100);
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  /// RFC 4180, section 2, rules 1 to 7.
  private static List<List<String>> csv(String text) {
    List<List<String>> lines = new ArrayList<>();
    List<String> line = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    boolean isQuoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (isQuoted && c == '"' && i + 1 < text.length() && text.charAt(i + 1) == '"') {
        field.append('"');
        i++;
      } else if (c == '"') {
        isQuoted = !isQuoted;
      } else if (!isQuoted && c == ',') {
        line.add(field.toString());
        field.setLength(0);
      } else if (!isQuoted && c == '\r' && text.charAt(i + 1) == '\n') {
        line.add(field.toString());
        lines.add(List.copyOf(line));
        line.clear();
        field.setLength(0);
        i++;
      } else {
        field.append(c);
      }
    }
    assertThat(field).isEmpty();
    return lines;
  }
}
