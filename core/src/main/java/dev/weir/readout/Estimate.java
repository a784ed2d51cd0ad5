package dev.weir.readout;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.apache.commons.statistics.descriptive.Mean;
import org.apache.commons.statistics.descriptive.Quantile;
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
    Running running = new Running();
    Arrays.stream(values).forEach(running::add);
    return running.estimate();
  }

  /// A sample whose values come one at a time and are not kept (Welford 1962).
  public static final class Running {
    private long count;
    private double mean;
    private double squares;

    /// Takes one more value.
    ///
    /// @param value the next of the sample
    public void add(double value) {
      count++;
      double step = value - mean;
      mean += step / count;
      squares += step * (value - mean);
    }

    /// The mean so far, with the interval of [Estimate#of]; NaN before the first value.
    public Estimate estimate() {
      if (count < 2) {
        return new Estimate(count == 0 ? Double.NaN : mean, Double.NaN, Double.NaN, count);
      }
      double error = Math.sqrt(squares / (count - 1.0) / count);
      double reach = TDistribution.of(count - 1.0).inverseCumulativeProbability(UPPER_TAIL) * error;
      return new Estimate(mean, mean - reach, mean + reach, count);
    }
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
