package dev.weir.view;

import java.util.Locale;

/// Numbers for a reader: four significant digits, no noise. Files for programs hold every digit.
final class NumberText {

  private NumberText() {}

  /// A real number: `0.1234`, `12.35`, `1235`, `1.2e-05`.
  static String brief(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "∞" : "-∞";
    }
    double size = Math.abs(value);
    if (size == 0) {
      return "0";
    }
    if (size < 1e-4 || size >= 1e7) {
      return String.format(Locale.ROOT, "%.2e", value);
    }
    int decimals = Math.clamp(3 - (int) Math.floor(Math.log10(size)), 0, 4);
    return fixed(value, decimals);
  }

  /// A real number without zeros at its end: `0.5`, `-2`.
  static String trimmed(double value) {
    String text = brief(value);
    return text.contains(".") && !text.contains("e")
        ? text.replaceFirst("0+$", "").replaceFirst("\\.$", "")
        : text;
  }

  /// A real number with so many decimals.
  static String fixed(double value, int decimals) {
    return String.format(Locale.ROOT, "%." + decimals + "f", value);
  }

  /// A cell for a reader.
  static String brief(Cell cell, Column.Kind kind) {
    return switch (cell) {
      case Cell.Text(String text) ->
          kind == Column.Kind.TOKEN ? TokenText.visible(text) : TokenText.harmless(text);
      case Cell.Whole(long value) -> Long.toString(value);
      case Cell.Real(double value) -> brief(value);
      case Cell.Missing() -> "–";
    };
  }

  /// A difference with its sign and so many decimals, `−0.1230`; what rounding makes zero has no
  /// sign.
  static String signed(double value, int decimals) {
    String size = fixed(Math.abs(value), decimals);
    boolean isZero = size.chars().noneMatch(digit -> digit >= '1' && digit <= '9');
    return isZero || Double.isNaN(value) ? size : (value > 0 ? "+" : "−") + size;
  }

  /// A number as a typographer sets it, with a true minus sign.
  static String typeset(String number) {
    return number.startsWith("-") ? "−" + number.substring(1) : number;
  }
}
