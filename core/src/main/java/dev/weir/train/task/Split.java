package dev.weir.train.task;

import dev.weir.train.Permutation;
import java.util.SplittableRandom;

/// Which examples are meant: those to learn from, or those to look at.
public enum Split {
  /// To learn from.
  TRAINING,
  /// To look at.
  VALIDATION;

  /// The luck of one example. No example of a seed shares its luck with another one, of this split
  /// or of the other.
  ///
  /// @param seed of the run
  /// @param index of the example, from 0
  public SplittableRandom random(long seed, long index) {
    long number = Math.addExact(Math.multiplyExact(2, index), ordinal());
    return new SplittableRandom(Permutation.mixed(Permutation.mixed(seed) + number));
  }
}
