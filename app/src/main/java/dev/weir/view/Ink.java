package dev.weir.view;

/// A role in a drawing; the theme says which colour plays it. Series are the colours of Okabe & Ito
/// (2008, "Color universal design"), which readers with any colour vision can tell apart, darkened
/// or lightened until they stand 3:1 against the page.
enum Ink implements Paint {
  TEXT(0x1b1d21, 0xe8e6e1),
  MUTED(0x5d636d, 0xa2a8b1),
  GRID(0xe3e4e6, 0x34383f),
  AXIS(0x9aa0a8, 0x6b727c),
  PAGE(0xffffff, 0x16181c),
  EMPTY(0xeeeeee, 0x2a2d33),
  POSITIVE(0xb35806, 0xf0a04b),
  NEGATIVE(0x6a51a3, 0xa99fd6),
  SERIES_1(0x0072b2, 0x56b4e9),
  SERIES_2(0xd55e00, 0xf28e3c),
  SERIES_3(0x00845f, 0x2fc196),
  SERIES_4(0xb4578f, 0xe08fbe),
  SERIES_5(0x8a6d00, 0xe6c229),
  SERIES_6(0x3f4a5a, 0xb9c2cf);

  private static final Ink[] SERIES = {SERIES_1, SERIES_2, SERIES_3, SERIES_4, SERIES_5, SERIES_6};

  private final int light;
  private final int dark;

  Ink(int light, int dark) {
    this.light = light;
    this.dark = dark;
  }

  Rgb on(Theme theme) {
    return Rgb.of(
        switch (theme) {
          case LIGHT -> light;
          case DARK -> dark;
        });
  }

  /// The name in style sheets: `series-1`.
  String cssName() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }

  /// The ink of the n-th line of a chart.
  static Ink series(int index) {
    return SERIES[index % SERIES.length];
  }

  /// How often the inks were used up before the n-th line; it must differ by its dashes.
  static int round(int index) {
    return index / SERIES.length;
  }
}
