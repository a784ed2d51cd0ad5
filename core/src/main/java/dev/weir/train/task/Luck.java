package dev.weir.train.task;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/// Draws that several tasks make.
final class Luck {

  private Luck() {}

  /// Different numbers below a bound, in an order of luck (Fisher and Yates 1938).
  static int[] distinct(int count, int bound, RandomGenerator random) {
    int[] all = IntStream.range(0, bound).toArray();
    for (int i = 0; i < count; i++) {
      swap(all, i, i + random.nextInt(bound - i));
    }
    return Arrays.copyOf(all, count);
  }

  static void swap(int[] numbers, int one, int other) {
    int kept = numbers[one];
    numbers[one] = numbers[other];
    numbers[other] = kept;
  }

  /// An index, each as likely as its share.
  static int index(double[] shares, RandomGenerator random) {
    double left = random.nextDouble();
    int last = 0;
    for (int i = 0; i < shares.length; i++) {
      if (shares[i] > 0) {
        last = i;
        left -= shares[i];
        if (left < 0) {
          return i;
        }
      }
    }
    return last;
  }
}
