package dev.weir.view;

/// What stands in one column of a [Table].
///
/// @param name short, for headers and programs: `cross_entropy`
/// @param kind what its cells hold
/// @param unit `nats`, `bits`, `tokens`; empty where there is none
/// @param description one sentence for a reader who does not know the name
public record Column(String name, Kind kind, String unit, String description) {

  /// What a cell holds.
  public enum Kind {
    /// Words that tell rows apart, or what follows from a row: they are never cut.
    NAME,
    /// Words for a reader.
    TEXT,
    /// A piece of a text: spaces and control characters matter and are made visible.
    TOKEN,
    /// Whole numbers.
    INTEGER,
    /// Real numbers.
    REAL;

    /// Whether a cell may stand in a column of this kind; nothing may stand anywhere.
    ///
    /// @param cell the cell
    boolean accepts(Cell cell) {
      return switch (cell) {
        case Cell.Missing() -> true;
        case Cell.Text(_) -> !isNumber();
        case Cell.Whole(_) -> this == INTEGER || this == REAL;
        case Cell.Real(_) -> this == REAL;
      };
    }

    boolean isNumber() {
      return this == INTEGER || this == REAL;
    }
  }

  /// The name with its unit: `entropy (nats)`.
  public String heading() {
    return unit.isEmpty() ? name : "%s (%s)".formatted(name, unit);
  }
}
