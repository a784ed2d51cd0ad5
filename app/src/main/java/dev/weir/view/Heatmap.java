package dev.weir.view;

import java.util.ArrayList;
import java.util.List;

/// A grid of coloured numbers, each with a short text if wanted: layers against tokens, say, with
/// the top token of the lens in each cell. Texts are shown as given; send tokens through
/// [TokenText#visible] first.
///
/// @param name short, for file names and programs
/// @param title one line for a reader
/// @param rowAxis what the rows are: `layer`
/// @param rowLabels one for each row, top to bottom
/// @param columnAxis what the columns are: `position`
/// @param columnLabels one for each column, left to right
/// @param cells row by row
/// @param legend which colour stands for which number
/// @param notes sentences a reader needs
public record Heatmap(
    String name,
    String title,
    String rowAxis,
    List<String> rowLabels,
    String columnAxis,
    List<String> columnLabels,
    List<List<Cell>> cells,
    Legend legend,
    List<String> notes)
    implements Figure {

  /// One field of the grid.
  ///
  /// @param value what its colour stands for
  /// @param text what is written in it; may be empty
  public record Cell(double value, String text) {}

  public Heatmap {
    rowLabels = List.copyOf(rowLabels);
    columnLabels = List.copyOf(columnLabels);
    cells = cells.stream().<List<Cell>>map(List::copyOf).toList();
    notes = List.copyOf(notes);
    List<String> problems = new ArrayList<>();
    if (rowLabels.isEmpty() || columnLabels.isEmpty()) {
      problems.add("it has no cells");
    }
    if (cells.size() != rowLabels.size()) {
      problems.add(
          "it has %d rows of cells for %d labels".formatted(cells.size(), rowLabels.size()));
    }
    int width = columnLabels.size();
    if (cells.stream().anyMatch(row -> row.size() != width)) {
      problems.add("a row does not have %d cells".formatted(width));
    }
    if (!problems.isEmpty()) {
      throw ViewException.badFigure(name, problems);
    }
  }

  /// Starts a heatmap.
  ///
  /// @param name short, for file names and programs
  /// @param legend which colour stands for which number
  public static Builder named(String name, Legend legend) {
    return new Builder(name, legend);
  }

  @Override
  public Table table() {
    Table.Builder table =
        Table.named(name)
            .title(title)
            .integer("row", "", "row of the grid, from the top")
            .text("row_label", rowAxis)
            .integer("column", "", "column of the grid, from the left")
            .text("column_label", columnAxis)
            .real("value", "", legend.label())
            .text("text", "what the cell says");
    for (int r = 0; r < cells.size(); r++) {
      for (int c = 0; c < columnLabels.size(); c++) {
        Cell cell = cells.get(r).get(c);
        table.row(r, rowLabels.get(r), c, columnLabels.get(c), cell.value(), cell.text());
      }
    }
    notes.forEach(table::note);
    return table.build();
  }

  /// Fills a heatmap row by row.
  public static final class Builder {
    private final String name;
    private final Legend legend;
    private String title;
    private String rowAxis = "";
    private String columnAxis = "";
    private List<String> columnLabels = List.of();
    private final List<String> rowLabels = new ArrayList<>();
    private final List<List<Cell>> rows = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    private Builder(String name, Legend legend) {
      this.name = name;
      this.title = name;
      this.legend = legend;
    }

    /// Sets the line above the picture.
    public Builder title(String title) {
      this.title = title;
      return this;
    }

    /// Says what the rows are.
    public Builder rows(String axis) {
      this.rowAxis = axis;
      return this;
    }

    /// Says what the columns are, left to right.
    public Builder columns(String axis, List<String> labels) {
      this.columnAxis = axis;
      this.columnLabels = List.copyOf(labels);
      return this;
    }

    /// Adds a row below the last.
    public Builder row(String label, List<Cell> cells) {
      rowLabels.add(label);
      rows.add(List.copyOf(cells));
      return this;
    }

    /// Adds a sentence below the picture.
    public Builder note(String sentence) {
      notes.add(sentence);
      return this;
    }

    /// The heatmap.
    ///
    /// @throws ViewException if a row does not fit the columns
    public Heatmap build() {
      return new Heatmap(
          name, title, rowAxis, rowLabels, columnAxis, columnLabels, rows, legend, notes);
    }
  }
}
