package dev.weir.view;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.List;
import java.util.StringJoiner;

/// A table as comma-separated values (RFC 4180): UTF-8, a header with the column names, lines that
/// end in CR LF.
///
/// Numbers have all their digits; `NaN`, `Infinity` and `-Infinity` are written so. A missing value
/// is an empty field, an empty text is `""`. Line breaks and tabs stay, inside quotes; other
/// control characters, which the RFC has no place for, are written as `\x07` (JSON and Parquet hold
/// them as they are).
public final class CsvFile {

  private CsvFile() {}

  /// Writes a table.
  ///
  /// @param table what to write
  /// @param file where to; replaced if it exists
  /// @throws ViewException if the file cannot be written; nothing is left behind then
  public static void write(Table table, Path file) {
    AtomicFile.write(file, out -> write(table, out));
  }

  /// Writes a table to a stream, which stays open.
  ///
  /// @param table what to write
  /// @param out where to
  /// @throws IOException if the stream takes no more
  public static void write(Table table, OutputStream out) throws IOException {
    Writer writer = new BufferedWriter(new OutputStreamWriter(out, UTF_8));
    writeLine(writer, table.columns().stream().map(c -> quoted(c.name())).toList());
    for (List<Cell> row : table.rows()) {
      writeLine(writer, row.stream().map(CsvFile::field).toList());
    }
    writer.flush();
  }

  private static void writeLine(Writer writer, List<String> fields) throws IOException {
    StringJoiner line = new StringJoiner(",", "", "\r\n");
    fields.forEach(line::add);
    writer.write(line.toString());
  }

  private static String field(Cell cell) {
    return switch (cell) {
      case Cell.Text(String text) -> quoted(text);
      case Cell.Whole(long value) -> Long.toString(value);
      case Cell.Real(double value) -> Double.toString(value);
      case Cell.Missing() -> "";
    };
  }

  private static String quoted(String text) {
    if (text.isEmpty()) {
      return "\"\"";
    }
    StringBuilder field = new StringBuilder(text.length() + 2);
    boolean needsQuotes = text.startsWith(" ") || text.endsWith(" ");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      needsQuotes |= ",\"\r\n\t".indexOf(c) >= 0;
      if (c == '"') {
        field.append("\"\"");
      } else if (Character.isISOControl(c) && "\r\n\t".indexOf(c) < 0) {
        field.append("\\x%02x".formatted((int) c));
      } else {
        field.append(c);
      }
    }
    return needsQuotes ? "\"" + field + "\"" : field.toString();
  }
}
