package dev.weir.reference;

/// numpy's `RandomState(seed)`: the Mersenne twister (Matsumoto & Nishimura 1998) and Marsaglia's
/// polar method, so that matrices of reference numbers can be made again.
final class NumpyRandom {
  private static final int SIZE = 624;
  private static final int MIDDLE = 397;

  private final int[] state = new int[SIZE];
  private int index = SIZE;
  private double spare = Double.NaN;

  NumpyRandom(int seed) {
    state[0] = seed;
    for (int i = 1; i < SIZE; i++) {
      state[i] = 1812433253 * (state[i - 1] ^ (state[i - 1] >>> 30)) + i;
    }
  }

  private int next() {
    if (index == SIZE) {
      for (int i = 0; i < SIZE; i++) {
        int both = (state[i] & 0x80000000) | (state[(i + 1) % SIZE] & 0x7fffffff);
        state[i] = state[(i + MIDDLE) % SIZE] ^ (both >>> 1) ^ ((both & 1) == 0 ? 0 : 0x9908b0df);
      }
      index = 0;
    }
    int y = state[index++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return y ^ (y >>> 18);
  }

  private double uniform() {
    long high = Integer.toUnsignedLong(next()) >>> 5;
    long low = Integer.toUnsignedLong(next()) >>> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
  }

  /// `randn()`.
  double gaussian() {
    if (!Double.isNaN(spare)) {
      double value = spare;
      spare = Double.NaN;
      return value;
    }
    while (true) {
      double x = 2 * uniform() - 1;
      double y = 2 * uniform() - 1;
      double square = x * x + y * y;
      if (square < 1 && square != 0) {
        double factor = Math.sqrt(-2 * Math.log(square) / square);
        spare = factor * x;
        return factor * y;
      }
    }
  }
}
