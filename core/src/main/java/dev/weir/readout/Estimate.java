package dev.weir.readout;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.apache.commons.statistics.descriptive.Mean;
import org.apache.commons.statistics.descriptive.Quantile;
import org.apache.commons.statistics.descriptive.StandardDeviation;
import org.apache.commons.statistics.distribution.TDistribution;

/// A mean over a sample with its 95 % confidence interval.
///
/// @param mean of the sample
/// @param low the interval's lower end
/// @param high the interval's upper end; both are NaN where the sample is too small for one
/// @param count how many values there were
public record Estimate(double mean, double low, double high, long count) {
  private static final double UPPER_TAIL = 0.975;

  /// By Student's t, which takes the values as independent and their mean as normal.
  ///
  /// @param values the sample
  public static Estimate of(double... values) {
    return of(
        Mean.of(values).getAsDouble(), StandardDeviation.of(values).getAsDouble(), values.length);
  }

  /// By Student's t, of a sample of which only this is known.
  ///
  /// @param mean of the sample
  /// @param deviation its standard deviation, with `count - 1` in the denominator
  /// @param count how many values there were
  public static Estimate of(double mean, double deviation, long count) {
    if (count < 2) {
      return new Estimate(mean, Double.NaN, Double.NaN, count);
    }
    double reach =
        TDistribution.of((double) count - 1).inverseCumulativeProbability(UPPER_TAIL)
            * deviation
            / Math.sqrt((double) count);
    return new Estimate(mean, mean - reach, mean + reach, count);
  }

  /// By the percentile bootstrap (Efron 1979), which assumes nothing of how the values spread.
  ///
  /// @param values the sample
  /// @param resamples how often it is drawn anew; 1000 are usual
  /// @param random where the draws come from
  public static Estimate bootstrap(double[] values, int resamples, RandomGenerator random) {
    double mean = Mean.of(values).getAsDouble();
    if (values.length < 2) {
      return new Estimate(mean, Double.NaN, Double.NaN, values.length);
    }
    double[] means = new double[resamples];
    Arrays.setAll(means, _ -> meanOfDraw(values, random));
    double[] ends = Quantile.withDefaults().evaluate(means, 1 - UPPER_TAIL, UPPER_TAIL);
    return new Estimate(mean, ends[0], ends[1], values.length);
  }

  private static double meanOfDraw(double[] values, RandomGenerator random) {
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += values[random.nextInt(values.length)];
    }
    return sum / values.length;
  }
}
