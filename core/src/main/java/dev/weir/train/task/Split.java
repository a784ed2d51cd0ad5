package dev.weir.train.task;

import dev.weir.train.Permutation;
import java.util.SplittableRandom;

/// Which examples are meant: those to learn from, or those to look at.
public enum Split {
  /// To learn from.
  TRAINING(0),
  /// To look at.
  VALIDATION(1);

  private final int parity;

  Split(int parity) {
    this.parity = parity;
  }

  /// The luck of one example. No two examples of a seed share it, and none to learn from shares it
  /// with one to look at, whatever their seeds.
  ///
  /// @param seed of the run
  /// @param index of the example, from 0
  public SplittableRandom random(long seed, long index) {
    long number = 2 * (Permutation.mixed(seed) + index) + parity;
    return new SplittableRandom(Permutation.mixed(number));
  }
}
