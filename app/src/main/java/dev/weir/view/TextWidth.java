package dev.weir.view;

import java.text.BreakIterator;
import java.util.Locale;

/// How many columns a text takes on a terminal.
///
/// Wide are the East Asian scripts and emoji (Unicode Standard Annex 11, classes W and F); a
/// combining mark takes none; an emoji sequence counts once.
public final class TextWidth {
  private static final int EMOJI_STYLE = 0xFE0F;

  /// First and last code point of each wide range.
  private static final int[][] WIDE = {
    {0x1100, 0x115F}, {0x231A, 0x231B}, {0x2329, 0x232A}, {0x2E80, 0x303E}, {0x3041, 0x33FF},
    {0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xA000, 0xA4CF}, {0xA960, 0xA97F}, {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF}, {0xFE30, 0xFE6F}, {0xFF01, 0xFF60}, {0xFFE0, 0xFFE6}, {0x16FE0, 0x18CFF},
    {0x1AFF0, 0x1B2FF}, {0x1F200, 0x1F265}, {0x20000, 0x3FFFD},
  };

  private TextWidth() {}

  /// The columns a text takes.
  ///
  /// @param text one line without control characters
  public static int columns(String text) {
    if (isPlainAscii(text)) {
      return text.length();
    }
    int width = 0;
    BreakIterator clusters = BreakIterator.getCharacterInstance(Locale.ROOT);
    clusters.setText(text);
    for (int start = clusters.first(), end = clusters.next();
        end != BreakIterator.DONE;
        start = end, end = clusters.next()) {
      width += ofCluster(text.substring(start, end));
    }
    return width;
  }

  /// The text, cut to a width; what was cut ends in `…`.
  ///
  /// @param text one line without control characters
  /// @param columns how much room there is, at least 1
  public static String cut(String text, int columns) {
    if (columns(text) <= columns) {
      return text;
    }
    StringBuilder kept = new StringBuilder();
    int width = 0;
    BreakIterator clusters = BreakIterator.getCharacterInstance(Locale.ROOT);
    clusters.setText(text);
    for (int start = clusters.first(), end = clusters.next();
        end != BreakIterator.DONE;
        start = end, end = clusters.next()) {
      String cluster = text.substring(start, end);
      width += ofCluster(cluster);
      if (width > columns - 1) {
        break;
      }
      kept.append(cluster);
    }
    return kept.append('…').toString();
  }

  private static boolean isPlainAscii(String text) {
    return text.chars().allMatch(c -> c >= 0x20 && c < 0x7F);
  }

  private static int ofCluster(String cluster) {
    if (cluster.indexOf(EMOJI_STYLE) >= 0) {
      return 2;
    }
    return cluster.codePoints().map(TextWidth::ofCodePoint).max().orElse(0);
  }

  private static int ofCodePoint(int c) {
    return switch (Character.getType(c)) {
      case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.FORMAT -> 0;
      default -> isWide(c) ? 2 : 1;
    };
  }

  private static boolean isWide(int c) {
    if (Character.isEmojiPresentation(c)) {
      return true;
    }
    for (int[] range : WIDE) {
      if (c >= range[0] && c <= range[1]) {
        return true;
      }
    }
    return false;
  }
}
