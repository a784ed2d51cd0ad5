package dev.weir.page.direction;

import java.util.List;
import java.util.stream.LongStream;

/// How often values fall into bins of the same width.
///
/// @param low where the first bin begins
/// @param width of each bin
/// @param counts of values in each bin; a value on an edge belongs to the bin above it
public record Histogram(double low, double width, List<Long> counts) {

  public Histogram {
    counts = List.copyOf(counts);
  }

  /// A histogram of values that come some at a time and are not kept. Nobody knows beforehand how
  /// far they reach: edges are multiples of the width, which is a power of two, and where values
  /// need more bins than there may be, each two neighbours become one. No count is ever wrong.
  static final class Running {
    private static final int MOST = 64;

    /// Narrower bins say nothing: values have 24 binary digits.
    private static final int FINEST = 20;

    private int exponent;
    private long first;
    private long[] counts = new long[0];

    /// Takes in values.
    ///
    /// @param values finite ones
    void add(double... values) {
      if (values.length == 0) {
        return;
      }
      double least = Double.POSITIVE_INFINITY;
      double most = Double.NEGATIVE_INFINITY;
      for (double value : values) {
        least = Math.min(least, value);
        most = Math.max(most, value);
      }
      reach(least, most);
      for (double value : values) {
        counts[Math.toIntExact(bin(value) - first)]++;
      }
    }

    private long bin(double value) {
      return (long) Math.floor(Math.scalb(value, -exponent));
    }

    /// Makes room for values from the least to the most.
    private void reach(double least, double most) {
      if (counts.length == 0) {
        exponent =
            Math.max(Math.getExponent(Math.max(Math.abs(least), Math.abs(most))), -900) - FINEST;
        first = bin(least);
        counts = new long[1];
      }
      while (Math.max(last(), bin(most)) - Math.min(first, bin(least)) >= MOST) {
        halve();
      }
      long from = Math.min(first, bin(least));
      long to = Math.max(last(), bin(most));
      if (from != first || to != last()) {
        long[] more = new long[Math.toIntExact(to - from + 1)];
        System.arraycopy(counts, 0, more, Math.toIntExact(first - from), counts.length);
        first = from;
        counts = more;
      }
    }

    private long last() {
      return first + counts.length - 1;
    }

    private void halve() {
      long from = Math.floorDiv(first, 2);
      long[] half = new long[Math.toIntExact(Math.floorDiv(last(), 2) - from + 1)];
      for (int i = 0; i < counts.length; i++) {
        half[Math.toIntExact(Math.floorDiv(first + i, 2) - from)] += counts[i];
      }
      exponent++;
      first = from;
      counts = half;
    }

    /// What was counted so far.
    Histogram histogram() {
      return new Histogram(
          Math.scalb((double) first, exponent),
          Math.scalb(1.0, exponent),
          LongStream.of(counts).boxed().toList());
    }
  }
}
