package dev.weir.view;

/// One value of a [Table].
public sealed interface Cell {

  /// Text, exactly as it is; only halves of surrogate pairs, which no file format can hold, become
  /// U+FFFD.
  record Text(String value) implements Cell {
    public Text {
      value = TokenText.wellFormed(value);
    }
  }

  /// A whole number.
  record Whole(long value) implements Cell {}

  /// A real number; may be infinite or not a number.
  record Real(double value) implements Cell {}

  /// Nothing: the row has no such value.
  record Missing() implements Cell {}

  /// A cell that holds nothing.
  static Cell missing() {
    return new Missing();
  }

  /// The cell for a Java value.
  ///
  /// @param value a `String`, a whole or real number, or a cell
  /// @throws ViewException if it is something else
  static Cell of(Object value) {
    return switch (value) {
      case Cell cell -> cell;
      case String text -> new Text(text);
      case Integer whole -> new Whole(whole);
      case Long whole -> new Whole(whole);
      // Through its decimal form: 0.1f is 0.1 to the reader, not 0.10000000149011612.
      case Float real -> new Real(Double.parseDouble(real.toString()));
      case Double real -> new Real(real);
      default -> throw ViewException.notACell(value);
    };
  }
}
