package dev.weir.view;

/// Whether lines for a terminal carry colours (ANSI X3.64 sequences).
public enum Style {
  /// Text and nothing else: for files, pipes and plain terminals.
  PLAIN,
  /// With colours.
  COLOUR;

  private static final String RESET = "\u001b[0m";

  /// What should stand out.
  String strong(String text) {
    return with("\u001b[1m", text);
  }

  /// What should stand back.
  String faint(String text) {
    return with("\u001b[2m", text);
  }

  /// What adds: orange (208 of 256).
  String positive(String text) {
    return with("\u001b[38;5;208m", text);
  }

  /// What takes away: purple (140 of 256).
  String negative(String text) {
    return with("\u001b[38;5;140m", text);
  }

  private String with(String sequence, String text) {
    return this == PLAIN || text.isEmpty() ? text : sequence + text + RESET;
  }
}
