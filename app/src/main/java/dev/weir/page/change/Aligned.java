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
    /// By the tokens that both begin and end with; what differs between them side by side as far as
    /// it goes.
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

  /// Two prompts: position by position where they are of one length, else by what they begin and
  /// end with.
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
    Lines lines = new Lines();
    lines.add(range(0, begin), range(0, begin));
    lines.add(range(begin, first.size() - end), range(begin, second.size() - end));
    lines.add(range(first.size() - end, first.size()), range(second.size() - end, second.size()));
    return lines.aligned(By.TOKENS);
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

  /// Two lines that grow together.
  private static final class Lines {
    private final List<Integer> first = new ArrayList<>();
    private final List<Integer> second = new ArrayList<>();

    /// One beside the other, with gaps where one is longer.
    void add(List<Integer> one, List<Integer> other) {
      int length = Math.max(one.size(), other.size());
      fill(first, one, length);
      fill(second, other, length);
    }

    private static void fill(List<Integer> line, List<Integer> part, int length) {
      line.addAll(part);
      line.addAll(Collections.nCopies(length - part.size(), GAP));
    }

    Aligned aligned(By by) {
      return new Aligned(by, first, second);
    }
  }
}
