package dev.weir.view;

/// How a token looks to a reader: what cannot be seen is made visible, what could disturb the line
/// around it is made harmless.
public final class TokenText {
  private static final int REPLACEMENT = 0xFFFD;
  private static final int ZERO_WIDTH_JOINER = 0x200D;

  private TokenText() {}

  /// A token with every character visible: a space is `·`, a line break `⏎`, a tab `⇥`, a control
  /// character `\x07`, a direction mark or another invisible one `\u200f`, half a surrogate pair
  /// U+FFFD. A combining mark that stands first gets a dotted circle to sit on.
  ///
  /// @param token the token as the tokenizer gives it
  public static String visible(String token) {
    StringBuilder shown = new StringBuilder(token.length());
    for (int i = 0; i < token.length(); i += Character.charCount(token.codePointAt(i))) {
      int c = token.codePointAt(i);
      switch (c) {
        case ' ' -> shown.append('·');
        case '\n' -> shown.append('⏎');
        case '\t' -> shown.append('⇥');
        default -> appendSafely(shown, token, i, c);
      }
    }
    return startsWithMark(shown) ? shown.insert(0, '◌').toString() : shown.toString();
  }

  /// Words on one line: spaces stay, line breaks and tabs become spaces, the rest as in [#visible].
  ///
  /// @param text any text
  public static String harmless(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      int c = text.codePointAt(i);
      if (c == ' ' || c == '\n' || c == '\t') {
        shown.append(' ');
      } else {
        appendSafely(shown, text, i, c);
      }
    }
    return shown.toString();
  }

  /// The text with each half of a surrogate pair that lacks its other half replaced by U+FFFD.
  ///
  /// @param text any text
  static String wellFormed(String text) {
    if (text.codePoints().noneMatch(TokenText::isLoneSurrogate)) {
      return text;
    }
    StringBuilder result = new StringBuilder(text.length());
    text.codePoints().forEach(c -> result.appendCodePoint(isLoneSurrogate(c) ? REPLACEMENT : c));
    return result.toString();
  }

  private static void appendSafely(StringBuilder shown, String text, int index, int c) {
    if (isLoneSurrogate(c)) {
      shown.appendCodePoint(REPLACEMENT);
    } else if (joinsEmoji(text, index, c) || !isInvisible(c)) {
      shown.appendCodePoint(c);
    } else {
      shown.append(escaped(c));
    }
  }

  private static String escaped(int c) {
    if (c < 0x100) {
      return "\\x%02x".formatted(c);
    }
    return c < 0x10000 ? "\\u%04x".formatted(c) : "\\u{%x}".formatted(c);
  }

  private static boolean isLoneSurrogate(int c) {
    return Character.getType(c) == Character.SURROGATE;
  }

  private static boolean isInvisible(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.SPACE_SEPARATOR ->
          true;
      default -> false;
    };
  }

  /// A joiner between two emoji makes one picture of them; escaping it would take them apart.
  private static boolean joinsEmoji(String text, int index, int c) {
    return c == ZERO_WIDTH_JOINER
        && index > 0
        && index + 1 < text.length()
        && Character.isEmoji(text.codePointAt(index + 1));
  }

  private static boolean startsWithMark(CharSequence text) {
    return !text.isEmpty()
        && switch (Character.getType(Character.codePointAt(text, 0))) {
          case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK -> true;
          default -> false;
        };
  }
}
