package dev.weir.view;

/// An sRGB colour.
///
/// @param red 0 to 255
/// @param green 0 to 255
/// @param blue 0 to 255
record Rgb(int red, int green, int blue) implements Paint {
  static final Rgb BLACK = new Rgb(0, 0, 0);
  static final Rgb WHITE = new Rgb(255, 255, 255);

  /// The colour of `0xRRGGBB`.
  static Rgb of(int hex) {
    return new Rgb(hex >> 16 & 0xFF, hex >> 8 & 0xFF, hex & 0xFF);
  }

  /// `#rrggbb`, as CSS and SVG write it.
  String hex() {
    return "#%02x%02x%02x".formatted(red, green, blue);
  }

  /// A colour on the way from this one to another.
  ///
  /// @param share how far, 0 to 1
  Rgb towards(Rgb other, double share) {
    return new Rgb(
        between(red, other.red, share),
        between(green, other.green, share),
        between(blue, other.blue, share));
  }

  /// Relative luminance, 0 to 1 (WCAG 2.2, "relative luminance").
  double luminance() {
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  }

  /// Contrast ratio, 1 to 21 (WCAG 2.2, "contrast ratio"); text needs 4.5.
  double contrastWith(Rgb other) {
    double mine = luminance() + 0.05;
    double theirs = other.luminance() + 0.05;
    return Math.max(mine, theirs) / Math.min(mine, theirs);
  }

  /// Black or white, whichever reads better on this colour; always at least 4.5.
  Rgb textColour() {
    return contrastWith(BLACK) >= contrastWith(WHITE) ? BLACK : WHITE;
  }

  private static int between(int from, int to, double share) {
    return (int) Math.round(from + (to - from) * share);
  }

  private static double linear(int channel) {
    double c = channel / 255.0;
    return c <= 0.04045 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4);
  }
}
