package dev.weir.view;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Pattern;

/// Rows under named columns: what every readout gives and every format can hold.
///
/// @param name short, for file names and programs: letters, digits, `-` and `_`
/// @param title one line for a reader
/// @param columns what stands in each row, left to right
/// @param rows one cell for each column
/// @param notes sentences a reader needs: which coordinates, whether BOS was prepended
public record Table(
    String name, String title, List<Column> columns, List<List<Cell>> rows, List<String> notes) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]+");
  private static final int PROBLEMS_SHOWN = 5;

  public Table {
    columns = List.copyOf(columns);
    rows = rows.stream().<List<Cell>>map(List::copyOf).toList();
    notes = List.copyOf(notes);
    List<String> problems = new ArrayList<>();
    if (!NAME.matcher(name).matches()) {
      problems.add("its name must be letters, digits, - and _");
    }
    if (columns.isEmpty()) {
      problems.add("it has no columns");
    }
    if (new HashSet<>(columns.stream().map(Column::name).toList()).size() != columns.size()) {
      problems.add("two columns have the same name");
    }
    addRowProblems(columns, rows, problems);
    if (!problems.isEmpty()) {
      throw ViewException.badTable(name, problems);
    }
  }

  /// Starts a table.
  ///
  /// @param name short, for file names and programs
  public static Builder named(String name) {
    return new Builder(name);
  }

  /// Where the column of this name stands, counted from the left.
  ///
  /// @param column the name looked for
  /// @throws ViewException if no column has it
  public int indexOf(String column) {
    for (int i = 0; i < columns.size(); i++) {
      if (columns.get(i).name().equals(column)) {
        return i;
      }
    }
    throw ViewException.noSuchColumn(column, this);
  }

  private static void addRowProblems(
      List<Column> columns, List<List<Cell>> rows, List<String> problems) {
    for (int r = 0; r < rows.size() && problems.size() < PROBLEMS_SHOWN; r++) {
      List<Cell> row = rows.get(r);
      if (row.size() != columns.size()) {
        problems.add("row %d has %d cells for %d columns".formatted(r, row.size(), columns.size()));
        continue;
      }
      for (int c = 0; c < row.size(); c++) {
        Column column = columns.get(c);
        if (!column.kind().accepts(row.get(c))) {
          problems.add(
              "row %d has %s where column '%s' takes %s"
                  .formatted(r, row.get(c), column.name(), column.kind()));
        }
      }
    }
  }

  /// Fills a table step by step: columns, then rows.
  public static final class Builder {
    private final String name;
    private String title;
    private final List<Column> columns = new ArrayList<>();
    private final List<List<Cell>> rows = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    private Builder(String name) {
      this.name = name;
      this.title = name;
    }

    /// Sets the line above the table.
    public Builder title(String title) {
      this.title = title;
      return this;
    }

    /// Adds a column of words that tell rows apart, or that say what follows.
    public Builder name(String name, String description) {
      return column(new Column(name, Column.Kind.NAME, "", description));
    }

    /// Adds a column of words.
    public Builder text(String name, String description) {
      return column(new Column(name, Column.Kind.TEXT, "", description));
    }

    /// Adds a column of tokens, whose spaces and control characters are made visible.
    public Builder token(String name, String description) {
      return column(new Column(name, Column.Kind.TOKEN, "", description));
    }

    /// Adds a column of whole numbers.
    public Builder integer(String name, String unit, String description) {
      return column(new Column(name, Column.Kind.INTEGER, unit, description));
    }

    /// Adds a column of real numbers.
    public Builder real(String name, String unit, String description) {
      return column(new Column(name, Column.Kind.REAL, unit, description));
    }

    /// Adds any column.
    public Builder column(Column column) {
      columns.add(column);
      return this;
    }

    /// Adds a row.
    ///
    /// @param values one for each column: text, numbers or [Cell]s
    public Builder row(Object... values) {
      rows.add(Arrays.stream(values).map(Cell::of).toList());
      return this;
    }

    /// Adds a sentence below the table.
    public Builder note(String sentence) {
      notes.add(sentence);
      return this;
    }

    /// The table.
    ///
    /// @throws ViewException if a row does not fit the columns
    public Table build() {
      return new Table(name, title, columns, rows, notes);
    }
  }
}
