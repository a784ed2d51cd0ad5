package dev.weir.train;

/// The numbers below a size in an order of luck, without a list of them: a Feistel network (Luby
/// and Rackoff 1988) over the next power of four, walked until it lands below the size (Black and
/// Rogaway 2002, section 3).
///
/// @param size how many numbers there are
/// @param seed where the order comes from
public record Permutation(long size, long seed) {
  private static final int ROUNDS = 6;
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  public Permutation {
    if (size < 1 || size > 1L << 62) {
      throw new IllegalArgumentException("there is no order of %d numbers".formatted(size));
    }
  }

  /// The number at a place; each comes once.
  ///
  /// @param place from 0 to below the size
  public long at(long place) {
    if (place < 0 || place >= size) {
      throw new IndexOutOfBoundsException("place %d of %d".formatted(place, size));
    }
    long found = place;
    do {
      found = scrambled(found);
    } while (found >= size);
    return found;
  }

  private long scrambled(long number) {
    int half = Math.max(1, (65 - Long.numberOfLeadingZeros(size - 1)) / 2);
    long mask = (1L << half) - 1;
    long left = number >>> half;
    long right = number & mask;
    for (int round = 0; round < ROUNDS; round++) {
      long next = left ^ (mixed(mixed(seed + round * GOLDEN) + right) & mask);
      left = right;
      right = next;
    }
    return (left << half) | right;
  }

  /// Each bit of the result depends on each bit of the number (Steele, Lea and Flood 2014, after
  /// Stafford); different numbers give different results.
  ///
  /// @param number any
  public static long mixed(long number) {
    long z = (number ^ (number >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
