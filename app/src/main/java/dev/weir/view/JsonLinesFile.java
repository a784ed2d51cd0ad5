package dev.weir.view;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// A table as JSON lines: an object for each row, with the names of the columns. A missing value is
/// `null`, and so are `NaN` and infinities: programs want one type in a column.
public final class JsonLinesFile {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private JsonLinesFile() {}

  /// Writes a table.
  ///
  /// @param table what to write
  /// @param file where to; replaced if it exists
  /// @throws ViewException if the file cannot be written; nothing is left behind then
  public static void write(Table table, Path file) {
    AtomicFile.write(
        file,
        (OutputStream out) -> {
          for (List<Cell> row : table.rows()) {
            out.write((line(table, row) + "\n").getBytes(StandardCharsets.UTF_8));
          }
        });
  }

  private static String line(Table table, List<Cell> row) {
    ObjectNode line = MAPPER.createObjectNode();
    for (int c = 0; c < row.size(); c++) {
      String name = table.columns().get(c).name();
      switch (row.get(c)) {
        case Cell.Text(String text) -> line.put(name, text);
        case Cell.Whole(long value) -> line.put(name, value);
        case Cell.Real(double value) when Double.isFinite(value) -> line.put(name, value);
        case Cell.Real(_), Cell.Missing() -> line.putNull(name);
      }
    }
    return MAPPER.writeValueAsString(line);
  }
}
