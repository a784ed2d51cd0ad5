package dev.weir.page.run;

import java.util.Optional;

/// A direction of the stream.
///
/// @param numbers `[d_model]`
/// @param standard the scale it was found on; empty for the stream's own
public record Direction(
    @SuppressWarnings("ArrayRecordComponent") double[] numbers, Optional<Standard> standard) {

  /// Where each coordinate has mean 0 and deviation 1 over some corpus: `z = (x − mean) /
  /// deviation`.
  ///
  /// @param mean `[d_model]`
  /// @param deviation `[d_model]`, none 0
  @SuppressWarnings("ArrayRecordComponent") // Copied on the way in and out.
  public record Standard(double[] mean, double[] deviation) {
    public Standard {
      mean = mean.clone();
      deviation = deviation.clone();
    }

    @Override
    public double[] mean() {
      return mean.clone();
    }

    @Override
    public double[] deviation() {
      return deviation.clone();
    }
  }

  public Direction {
    numbers = numbers.clone();
  }

  /// A direction of the stream as it is.
  ///
  /// @param numbers `[d_model]`
  public static Direction raw(double[] numbers) {
    return new Direction(numbers, Optional.empty());
  }

  @Override
  public double[] numbers() {
    return numbers.clone();
  }

  /// How many numbers it has.
  public int width() {
    return numbers.length;
  }
}
