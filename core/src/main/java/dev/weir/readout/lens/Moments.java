package dev.weir.readout.lens;

import dev.weir.readout.Estimate;
import org.apache.commons.statistics.distribution.TDistribution;

/// A sample of which only what an interval needs is kept, so that it may be as long as it likes
/// (Welford 1962).
///
/// @param count how many values there were
/// @param mean of them
/// @param squares the sum of their squared distances from the mean
public record Moments(long count, double mean, double squares) {
  private static final double UPPER_TAIL = 0.975;

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
    if (count < 2) {
      return new Estimate(count == 0 ? Double.NaN : mean, Double.NaN, Double.NaN, count);
    }
    double error = Math.sqrt(squares / (count - 1) / count);
    double reach = TDistribution.of(count - 1.0).inverseCumulativeProbability(UPPER_TAIL) * error;
    return new Estimate(mean, mean - reach, mean + reach, count);
  }
}
