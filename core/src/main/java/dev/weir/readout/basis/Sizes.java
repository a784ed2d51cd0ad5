package dev.weir.readout.basis;

import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/// The largest of many sizes, and their median, in bounded memory.
final class Sizes {
  private static final int KEPT = 1 << 16;
  private static final int AT_LEAST = 3;

  private final int tail;
  private final SplittableRandom random;
  private final PriorityQueue<Double> largest = new PriorityQueue<>();
  private double[] sample = new double[1 << 10];
  private long count;

  /// @param tail how many of the largest the Hill index is of
  /// @param random which sizes the median is of, once there are too many to keep
  Sizes(int tail, SplittableRandom random) {
    this.tail = Math.max(tail, AT_LEAST);
    this.random = random;
  }

  void add(double size) {
    if (largest.size() <= tail) {
      largest.add(size);
    } else if (size > largest.element()) {
      largest.remove();
      largest.add(size);
    }
    keep(size);
    count++;
  }

  /// A uniform sample of what has come so far (Vitter 1985, algorithm R).
  private void keep(double size) {
    if (count < KEPT) {
      if (count == sample.length) {
        sample = Arrays.copyOf(sample, 2 * sample.length);
      }
      sample[(int) count] = size;
      return;
    }
    long place = random.nextLong(count + 1);
    if (place < KEPT) {
      sample[(int) place] = size;
    }
  }

  long count() {
    return count;
  }

  /// The middle one, or the mean of the two in the middle; exact up to 65,536 sizes.
  double median() {
    int kept = (int) Math.min(count, KEPT);
    double[] sorted = Arrays.copyOf(sample, kept);
    Arrays.sort(sorted);
    return (sorted[(kept - 1) / 2] + sorted[kept / 2]) / 2;
  }

  /// The largest, largest first.
  List<Double> top(int many) {
    return largest.stream().sorted(java.util.Comparator.reverseOrder()).limit(many).toList();
  }

  /// `m / Σ_{i≤m} ln(x_(i) / x_(m+1))`, NaN where there are not so many.
  double hill(int m) {
    List<Double> sorted = top(m + 1);
    if (m < 1 || sorted.size() <= m) {
      return Double.NaN;
    }
    double sum = 0;
    for (double size : sorted.subList(0, m)) {
      sum += Math.log(size / sorted.get(m));
    }
    return m / sum;
  }
}
