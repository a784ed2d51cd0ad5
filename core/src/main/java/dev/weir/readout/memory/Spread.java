package dev.weir.readout.memory;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.apache.commons.statistics.descriptive.Quantile;

/// The quartiles of any number of numbers in bounded memory: of all of them while they are few, of
/// a uniform draw from them later (Vitter 1985, algorithm R), the same draw each time.
final class Spread {
  private final int capacity;
  private final SplittableRandom random = new SplittableRandom(0);
  private float[] kept = new float[16];
  private long seen;

  /// @param capacity how many numbers are kept
  Spread(int capacity) {
    this.capacity = capacity;
  }

  /// Adds a number; one that is not finite is left out.
  void add(double value) {
    if (!Double.isFinite(value)) {
      return;
    }
    long place = seen < capacity ? seen : random.nextLong(seen + 1);
    seen++;
    if (place < capacity) {
      grow((int) place);
      kept[(int) place] = (float) value;
    }
  }

  private void grow(int place) {
    if (place >= kept.length) {
      kept = Arrays.copyOf(kept, Math.min(capacity, kept.length * 2));
    }
  }

  /// NaN where there was nothing.
  Quartiles quartiles() {
    if (seen == 0) {
      return new Quartiles(Double.NaN, Double.NaN, Double.NaN, 0);
    }
    double[] values =
        IntStream.range(0, (int) Math.min(seen, capacity)).mapToDouble(i -> kept[i]).toArray();
    double[] found = Quantile.withDefaults().evaluate(values, 0.25, 0.5, 0.75);
    return new Quartiles(found[0], found[1], found[2], seen);
  }
}
