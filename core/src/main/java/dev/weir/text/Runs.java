package dev.weir.text;

/// Measures the longest stretch of a text that is all spaces or has none.
final class Runs {
  private Runs() {}

  /// Unicode's White_Space, as `\s` in a splitting pattern has it.
  static boolean isSpace(int c) {
    return Character.isSpaceChar(c) || (c >= '\t' && c <= '\r') || c == 0x85;
  }

  /// The length of the longest stretch, in UTF-16 chars.
  static int longest(String text) {
    int longest = 0;
    int start = 0;
    for (int i = 1; i <= text.length(); i++) {
      if (i == text.length() || isSpace(text.charAt(i)) != isSpace(text.charAt(i - 1))) {
        longest = Math.max(longest, i - start);
        start = i;
      }
    }
    return longest;
  }
}
