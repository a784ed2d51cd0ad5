package dev.weir.view;

import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;

/// A report as JSON, in a layout that scripts may rely on:
///
/// ```json
/// {"title": "…", "subtitle": "…", "notes": ["…"], "tables": [
///   {"name": "lens", "title": "…", "notes": ["…"],
///    "columns": [{"name": "layer", "kind": "integer", "unit": "", "description": "…"}],
///    "rows": [[0, …]]}]}
/// ```
///
/// A `kind` is `text`, `token`, `integer` or `real`. A missing value is `null`; `NaN`, `Infinity`
/// and `-Infinity`, which JSON has no numbers for, are strings, so that nothing is lost.
public final class JsonFile {
  private static final JsonFactory JSON = new JsonFactory();

  private JsonFile() {}

  /// Writes the tables of a report.
  ///
  /// @param report what to write
  /// @param file where to; replaced if it exists
  /// @throws ViewException if the file cannot be written; nothing is left behind then
  public static void write(Report report, Path file) {
    AtomicFile.write(file, out -> write(report, out));
  }

  /// Writes the tables of a report to a stream, which stays open.
  ///
  /// @param report what to write
  /// @param out where to
  public static void write(Report report, OutputStream out) {
    try (JsonGenerator json = generator(out)) {
      json.writeStartObject();
      json.writeStringProperty("title", TokenText.wellFormed(report.title()));
      json.writeStringProperty("subtitle", TokenText.wellFormed(report.subtitle()));
      writeNotes(json, report.notes());
      json.writeArrayPropertyStart("tables");
      report.tables().forEach(table -> writeTable(json, table));
      json.writeEndArray();
      json.writeEndObject();
    }
  }

  private static JsonGenerator generator(OutputStream out) {
    return JSON.rebuild()
        .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
        .build()
        .createGenerator(tools.jackson.core.ObjectWriteContext.empty(), out);
  }

  private static void writeNotes(JsonGenerator json, List<String> notes) {
    json.writeArrayPropertyStart("notes");
    notes.forEach(note -> json.writeString(TokenText.wellFormed(note)));
    json.writeEndArray();
  }

  private static void writeTable(JsonGenerator json, Table table) {
    json.writeStartObject();
    json.writeStringProperty("name", table.name());
    json.writeStringProperty("title", TokenText.wellFormed(table.title()));
    writeNotes(json, table.notes());
    json.writeArrayPropertyStart("columns");
    table.columns().forEach(column -> writeColumn(json, column));
    json.writeEndArray();
    json.writeArrayPropertyStart("rows");
    for (List<Cell> row : table.rows()) {
      json.writeStartArray();
      row.forEach(cell -> writeCell(json, cell));
      json.writeEndArray();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static String kind(Column column) {
    return switch (column.kind()) {
      case NAME, TEXT -> "text";
      case TOKEN -> "token";
      case INTEGER -> "integer";
      case REAL -> "real";
    };
  }

  private static void writeColumn(JsonGenerator json, Column column) {
    json.writeStartObject();
    json.writeStringProperty("name", TokenText.wellFormed(column.name()));
    json.writeStringProperty("kind", kind(column));
    json.writeStringProperty("unit", TokenText.wellFormed(column.unit()));
    json.writeStringProperty("description", TokenText.wellFormed(column.description()));
    json.writeEndObject();
  }

  private static void writeCell(JsonGenerator json, Cell cell) {
    switch (cell) {
      case Cell.Text(String text) -> json.writeString(text);
      case Cell.Whole(long value) -> json.writeNumber(value);
      case Cell.Real(double value) when !Double.isFinite(value) ->
          json.writeString(Double.toString(value));
      case Cell.Real(double value) -> json.writeNumber(value);
      case Cell.Missing() -> json.writeNull();
    }
  }
}
