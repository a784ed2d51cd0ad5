package dev.weir.readout.lens;

import dev.weir.readout.Estimate;

/// A sample of which only what an interval needs is kept, so that it may be as long as it likes
/// (Welford 1962).
///
/// @param count how many values there were
/// @param mean of them
/// @param squares the sum of their squared distances from the mean
public record Moments(long count, double mean, double squares) {
  /// No values yet.
  public static Moments none() {
    return new Moments(0, 0, 0);
  }

  /// These values and one more.
  ///
  /// @param value the one
  public Moments with(double value) {
    double distance = value - mean;
    double moved = mean + distance / (count + 1);
    return new Moments(count + 1, moved, squares + distance * (value - moved));
  }

  /// The mean with its 95 % confidence interval by Student's t, as [Estimate#of] gives it; NaN
  /// where there are no values.
  public Estimate estimate() {
    return Estimate.withError(
        count == 0 ? Double.NaN : mean, Math.sqrt(squares / (count - 1) / count), count);
  }
}
