package dev.weir.cli;

import java.util.ArrayList;
import java.util.List;

/// Blocks as they are named on a command line: `3`, `3,4`, `2-5`.
final class BlockLists {

  private BlockLists() {}

  /// The blocks of a list of numbers and ranges.
  ///
  /// @param option the option's name, for the message
  /// @param text what was given
  static List<Integer> parse(String option, String text) {
    List<Integer> blocks = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      Range range = range(option, part, text);
      for (int block = range.first; block <= range.last; block++) {
        blocks.add(block);
      }
    }
    return List.copyOf(blocks);
  }

  /// A first and a last block.
  record Range(int first, int last) {}

  /// A range such as `2-5`, or one number, which is a range of itself.
  ///
  /// @param option the option's name, for the message
  /// @param text what was given
  static Range range(String option, String text) {
    return range(option, text, text);
  }

  private static Range range(String option, String part, String text) {
    String[] ends = part.strip().split("-", -1);
    int first = number(option, ends[0], text);
    int last = ends.length == 1 ? first : number(option, ends[ends.length - 1], text);
    if (ends.length > 2 || last < first) {
      throw unreadable(option, text);
    }
    return new Range(first, last);
  }

  static int number(String option, String digits, String text) {
    if (!digits.strip().matches("\\d{1,6}")) {
      throw unreadable(option, text);
    }
    return Integer.parseInt(digits.strip());
  }

  static CliException unreadable(String option, String text) {
    return CliException.notHere(
        "%s %s names no blocks".formatted(option, text),
        "write numbers from 0 such as 3 or 3,4, or a range such as 2-5");
  }
}
