package dev.weir.readout;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.apache.commons.statistics.descriptive.Mean;
import org.apache.commons.statistics.descriptive.Quantile;
import org.apache.commons.statistics.descriptive.StandardDeviation;
import org.apache.commons.statistics.distribution.NormalDistribution;
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
    double mean = Mean.of(values).getAsDouble();
    double deviation = StandardDeviation.of(values).getAsDouble();
    return withError(mean, deviation / Math.sqrt(values.length), values.length);
  }

  /// By Student's t, of a sample that was summed up as it came.
  ///
  /// @param mean of the sample
  /// @param error the standard error of the mean
  /// @param count how many values there were
  public static Estimate withError(double mean, double error, long count) {
    if (count < 2) {
      return new Estimate(mean, Double.NaN, Double.NaN, count);
    }
    double reach =
        TDistribution.of((double) count - 1).inverseCumulativeProbability(UPPER_TAIL) * error;
    return new Estimate(mean, mean - reach, mean + reach, count);
  }

  /// Of how often something happens, with Wilson's interval (1927), which stays between 0 and 1 and
  /// says something even where it always or never happened.
  ///
  /// @param hits how often it happened
  /// @param count how often it could have
  public static Estimate proportion(long hits, long count) {
    double share = (double) hits / count;
    double z = NormalDistribution.of(0, 1).inverseCumulativeProbability(UPPER_TAIL);
    double spread = z * z / count;
    double middle = (share + spread / 2) / (1 + spread);
    double reach = z * Math.sqrt(share * (1 - share) / count + spread / (4 * count)) / (1 + spread);
    return new Estimate(
        share, Math.clamp(middle - reach, 0, share), Math.clamp(middle + reach, share, 1), count);
  }

  /// By Student's t, of what is left of a sample that is not kept.
  ///
  /// @param mean of the sample
  /// @param deviation its standard deviation, the unbiased one
  /// @param count how many values there were
  public static Estimate ofMoments(double mean, double deviation, long count) {
    return withError(mean, deviation / Math.sqrt((double) count), count);
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

  /// A sample whose values come one at a time and are not kept (Welford 1962).
  public static final class Running {
    private long count;
    private double mean;
    private double squares;

    /// Takes one more value; what is not a number is left out.
    ///
    /// @param value the next of the sample
    public void add(double value) {
      if (Double.isNaN(value)) {
        return;
      }
      count++;
      double step = value - mean;
      mean += step / count;
      squares += step * (value - mean);
    }

    /// How many values there were.
    public long count() {
      return count;
    }

    /// The mean so far, with the interval of [Estimate#of]; NaN before the first value.
    public Estimate estimate() {
      return count == 0
          ? new Estimate(Double.NaN, Double.NaN, Double.NaN, 0)
          : withError(mean, Math.sqrt(squares / (count - 1.0) / count), count);
    }
  }
}
