package dev.weir.page.change;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/// What stands side by side along one axis of two planes, in order.
///
/// @param by how they were brought together
/// @param first for each row or column the index in the first plane, or [#GAP]
/// @param second for each the index in the second plane, or [#GAP]
public record Aligned(By by, List<Integer> first, List<Integer> second) {
  /// Nothing stands there.
  public static final int GAP = -1;

  public Aligned {
    first = List.copyOf(first);
    second = List.copyOf(second);
  }

  /// How two axes were brought together.
  public enum By {
    /// One by one: both are alike.
    INDEX,
    /// By the tokens that both have, in order; what differs between these side by side as far as it
    /// goes.
    TOKENS,
    /// By block and sublayer; the end beside the end.
    SUBLAYER,
    /// By the part of the depth that lies before them.
    DEPTH;

    /// In links and programs.
    @JsonValue
    public String id() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// How many rows or columns.
  public int size() {
    return first.size();
  }

  /// Two prompts: position by position where they are of one length, else by the tokens that both
  /// have.
  ///
  /// @param first the tokens of the first
  /// @param second the tokens of the second
  static Aligned tokens(List<Integer> first, List<Integer> second) {
    if (first.size() == second.size()) {
      return indices(first.size());
    }
    int shorter = Math.min(first.size(), second.size());
    int begin = common(first, second, shorter);
    int end = common(first.reversed(), second.reversed(), shorter - begin);
    Lines lines = new Lines(first, second);
    lines.grow(begin, begin);
    lines.growAlong(first.size() - end, second.size() - end);
    lines.grow(first.size(), second.size());
    return lines.aligned();
  }

  /// How many the lists begin with in common, at most.
  private static int common(List<Integer> first, List<Integer> second, int most) {
    int count = 0;
    while (count < most && first.get(count).equals(second.get(count))) {
      count++;
    }
    return count;
  }

  /// Two depths of the same labels one by one; else as asked.
  ///
  /// @param first the labels of the first plane's rows
  /// @param second the labels of the second's
  /// @param by [By#SUBLAYER] or [By#DEPTH], where the depths differ
  static Aligned places(List<String> first, List<String> second, By by) {
    if (first.equals(second)) {
      return indices(first.size());
    }
    return by == By.SUBLAYER ? bySublayer(first, second) : byDepth(first.size(), second.size());
  }

  private static Aligned indices(int count) {
    return new Aligned(By.INDEX, range(0, count), range(0, count));
  }

  /// Every row of the deeper, each beside the one of the other at the nearest part of the depth.
  private static Aligned byDepth(int first, int second) {
    int rows = Math.max(first, second);
    return new Aligned(By.DEPTH, spread(rows, first), spread(rows, second));
  }

  private static List<Integer> spread(int rows, int count) {
    return IntStream.range(0, rows)
        .map(row -> (int) Math.round(row * (count - 1.0) / Math.max(1, rows - 1)))
        .boxed()
        .toList();
  }

  private static Aligned bySublayer(List<String> first, List<String> second) {
    List<String> labels = new ArrayList<>(first.size() >= second.size() ? first : second);
    List<String> other = first.size() >= second.size() ? second : first;
    other.stream()
        .filter(label -> !labels.contains(label))
        .forEach(label -> labels.add(before(labels, other, label), label));
    return new Aligned(
        By.SUBLAYER,
        labels.stream().map(first::indexOf).toList(),
        labels.stream().map(second::indexOf).toList());
  }

  /// Where a label belongs that only the shallower has: behind the one that it follows there.
  private static int before(List<String> labels, List<String> other, String label) {
    int index = other.indexOf(label);
    return index == 0 ? 0 : labels.indexOf(other.get(index - 1)) + 1;
  }

  private static List<Integer> range(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  /// Two lines of positions that grow together.
  private static final class Lines {
    /// Longer stretches are not searched for what they have in common.
    private static final long MOST = 1L << 22;

    private final List<Integer> firstTokens;
    private final List<Integer> secondTokens;
    private final List<Integer> first = new ArrayList<>();
    private final List<Integer> second = new ArrayList<>();
    private int firstReached;
    private int secondReached;

    Lines(List<Integer> firstTokens, List<Integer> secondTokens) {
      this.firstTokens = firstTokens;
      this.secondTokens = secondTokens;
    }

    /// One stretch beside the other, with gaps where one is longer.
    void grow(int firstTo, int secondTo) {
      int length = Math.max(firstTo - firstReached, secondTo - secondReached);
      fill(first, range(firstReached, firstTo), length);
      fill(second, range(secondReached, secondTo), length);
      firstReached = firstTo;
      secondReached = secondTo;
    }

    private static void fill(List<Integer> line, List<Integer> part, int length) {
      line.addAll(part);
      line.addAll(Collections.nCopies(length - part.size(), GAP));
    }

    /// The same, token beside token along a longest common part.
    void growAlong(int firstTo, int secondTo) {
      int rows = firstTo - firstReached;
      int columns = secondTo - secondReached;
      if ((long) rows * columns <= MOST) {
        int[][] longest = longest(rows, columns);
        int row = 0;
        int column = 0;
        int from = firstReached;
        int other = secondReached;
        while (row < rows && column < columns) {
          if (same(from + row, other + column)) {
            grow(from + row, other + column);
            grow(from + ++row, other + ++column);
          } else if (longest[row + 1][column] >= longest[row][column + 1]) {
            row++;
          } else {
            column++;
          }
        }
      }
      grow(firstTo, secondTo);
    }

    /// For each pair of beginnings, how much the rests have in common.
    private int[][] longest(int rows, int columns) {
      int[][] longest = new int[rows + 1][columns + 1];
      for (int row = rows - 1; row >= 0; row--) {
        for (int column = columns - 1; column >= 0; column--) {
          longest[row][column] =
              same(firstReached + row, secondReached + column)
                  ? longest[row + 1][column + 1] + 1
                  : Math.max(longest[row + 1][column], longest[row][column + 1]);
        }
      }
      return longest;
    }

    private boolean same(int one, int other) {
      return firstTokens.get(one).equals(secondTokens.get(other));
    }

    Aligned aligned() {
      return new Aligned(By.TOKENS, first, second);
    }
  }
}
