package dev.weir.text;

/// Checks on a text before it is encoded.
final class PromptText {
  /// More than this in one piece is a mistake, and would exhaust memory somewhere.
  static final int MAX_CHARS = 100_000_000;

  private PromptText() {}

  /// @throws TextException if the text is too long or holds half of a surrogate pair
  static void require(String text) {
    if (text.length() > MAX_CHARS) {
      throw TextException.textTooLong(text.length(), MAX_CHARS);
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        boolean pair =
            Character.isHighSurrogate(c)
                && i + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(i + 1));
        if (!pair) {
          throw TextException.loneSurrogate(i);
        }
        i++;
      }
    }
  }

  /// Turns places counted in code points into places counted in UTF-16 chars, in the arrays
  /// themselves. A place behind the text, which a suffix that was put in can have, becomes its end.
  static void toUtf16(String text, int[]... places) {
    int[] chars = chars(text);
    for (int[] list : places) {
      for (int i = 0; i < list.length; i++) {
        list[i] = chars[Math.clamp(list[i], 0, chars.length - 1)];
      }
    }
  }

  /// Where each code point of a text starts, and the text's length.
  private static int[] chars(String text) {
    int[] chars = new int[text.codePointCount(0, text.length()) + 1];
    int index = 0;
    for (int i = 0; i < chars.length; i++) {
      chars[i] = index;
      index += index < text.length() ? Character.charCount(text.codePointAt(index)) : 0;
    }
    return chars;
  }
}
