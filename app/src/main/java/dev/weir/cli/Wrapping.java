package dev.weir.cli;

import java.util.ArrayList;
import java.util.List;

/// Lines no wider than a terminal.
final class Wrapping {
  private Wrapping() {}

  /// A paragraph, broken between its words.
  ///
  /// @param paragraph on one line
  /// @param width how many columns there are
  static List<String> words(String paragraph, int width) {
    return joined(List.of(paragraph.split(" ", -1)), "", width);
  }

  /// Items of a list in as few lines as hold them; one that is wider has a line of its own.
  ///
  /// @param items one at least
  /// @param mark after each but the last
  /// @param width how many columns there are
  static List<String> joined(List<String> items, String mark, int width) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder(items.getFirst());
    for (String item : items.subList(1, items.size())) {
      line.append(mark);
      if (line.length() + 1 + item.length() + mark.length() > width) {
        lines.add(line.toString());
        line.setLength(0);
        line.append(item);
      } else {
        line.append(' ').append(item);
      }
    }
    lines.add(line.toString());
    return lines;
  }
}
