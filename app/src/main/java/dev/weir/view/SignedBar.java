package dev.weir.view;

/// A number as a bar on a terminal: to the right of the middle if it adds, to the left if it takes
/// away.
///
/// @param reach the number whose bar fills its half
/// @param half columns on each side of the middle
public record SignedBar(double reach, int half) {
  private static final String[] EIGHTHS = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};

  /// The bar of a number, always as many columns wide: the two halves and the middle.
  ///
  /// @param value the number; what is not finite has no bar
  /// @param style whether it is coloured
  public String of(double value, Style style) {
    double share = Double.isFinite(value) && reach > 0 ? Math.clamp(value / reach, -1, 1) : 0;
    return share < 0
        ? negative(-share, style) + "│" + " ".repeat(half)
        : " ".repeat(half) + "│" + positive(share, style);
  }

  private String positive(double share, Style style) {
    int eighths = (int) Math.round(share * half * 8);
    String bar = "█".repeat(eighths / 8) + EIGHTHS[eighths % 8];
    return style.positive(bar) + " ".repeat(half - bar.length());
  }

  /// Terminals have only a half block that leans to the right, so this side is coarser.
  private String negative(double share, Style style) {
    int halves = (int) Math.round(share * half * 2);
    String bar = (halves % 2 == 1 ? "▐" : "") + "█".repeat(halves / 2);
    return " ".repeat(half - bar.length()) + style.negative(bar);
  }
}
