package dev.weir.study;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.apache.commons.statistics.descriptive.Mean;
import org.apache.commons.statistics.descriptive.Quantile;
import org.apache.commons.statistics.distribution.TDistribution;

/// What separates a variant from what it is compared with: the paired differences over seeds.
///
/// Two intervals are given. The percentile bootstrap (Efron 1979) assumes nothing of how
/// differences spread, but of three seeds it knows only ten different means, and it leaves out zero
/// whenever all three point the same way: one time in four where nothing differs. Student's t has
/// the right coverage at small counts, if [SeedNoise] is near normal and of all models alike; where
/// it is not, it errs as often as [Uneven] says. A difference is called one only if **both** leave
/// out zero.
///
/// @param mean of the differences, variant less other
/// @param error the standard error of the mean, from the noise; NaN for a single pair
/// @param bootstrap by the percentile bootstrap of the variant's own differences
/// @param student by Student's t with the noise of all models that were compared together
/// @param level the coverage of both, after correction for how many variants are compared
/// @param pairs how many pairs of runs
public record Difference(
    double mean, double error, Interval bootstrap, Interval student, double level, int pairs) {
  private static final int RESAMPLES = 10_000;

  /// From a low to a high end; NaN where there is none.
  ///
  /// @param low the lower end
  /// @param high the upper end
  public record Interval(double low, double high) {
    private static final Interval NONE = new Interval(Double.NaN, Double.NaN);

    private boolean above(double number) {
      return low > number;
    }

    private boolean below(double number) {
      return high < number;
    }
  }

  /// How often the rule errs where one model spreads more from seed to seed than the others, whose
  /// noise is taken for its own: the share of studies in which something is called different, of
  /// seven models that do not differ, six of them compared with the first, with three seeds each.
  /// Simulated, with normal noise; `DifferenceTest` does so again.
  public enum Uneven {
    /// A variant spreads 4 times as much.
    VARIANT_BY_4(4, 0.12),
    /// A variant spreads 10 times as much.
    VARIANT_BY_10(10, 0.19),
    /// The baseline, which all are compared with, spreads 4 times as much.
    BASELINE_BY_4(4, 0.19),
    /// The baseline spreads 10 times as much.
    BASELINE_BY_10(10, 0.24);

    private final double times;
    private final double share;

    Uneven(double times, double share) {
      this.times = times;
      this.share = share;
    }

    /// How many times as much as the others' its numbers spread.
    public double times() {
      return times;
    }

    /// Whether it is the baseline that does, not one of the variants.
    public boolean isBaseline() {
      return this == BASELINE_BY_4 || this == BASELINE_BY_10;
    }

    /// In which share of studies something is called different, to a hundredth.
    public double share() {
      return share;
    }
  }

  /// What follows.
  public enum Verdict {
    /// Above zero by both intervals.
    HIGHER,
    /// Below zero by both intervals.
    LOWER,
    /// Neither.
    NO_DIFFERENCE_FOUND
  }

  /// Of paired differences, judged by how much they themselves spread.
  ///
  /// @param differences one for each pair
  /// @param comparisons how many variants are compared with the same baseline: the chance of a
  ///   false difference among all of them stays below 5 % (Bonferroni)
  /// @param random where the bootstrap draws from
  public static Difference of(double[] differences, int comparisons, RandomGenerator random) {
    return of(differences, SeedNoise.ofDifferences(differences), comparisons, random);
  }

  /// Of paired differences, judged by a noise that more than one variant tells.
  ///
  /// @param differences one for each pair
  /// @param noise what seeds do to a single number
  /// @param comparisons how many variants are compared with the same baseline
  /// @param random where the bootstrap draws from
  public static Difference of(
      double[] differences, SeedNoise noise, int comparisons, RandomGenerator random) {
    int pairs = differences.length;
    double level = level(comparisons);
    double mean = Mean.of(differences).getAsDouble();
    if (pairs < 2) {
      return new Difference(mean, Double.NaN, Interval.NONE, Interval.NONE, level, pairs);
    }
    double error = noise.deviation() * Math.sqrt(2.0 / pairs);
    double reach =
        TDistribution.of(noise.degrees()).inverseCumulativeProbability((1 + level) / 2) * error;
    return new Difference(
        mean,
        error,
        bootstrap(differences, level, random),
        new Interval(mean - reach, mean + reach),
        level,
        pairs);
  }

  private static Interval bootstrap(double[] values, double level, RandomGenerator random) {
    double[] means = new double[RESAMPLES];
    Arrays.setAll(
        means,
        _ ->
            random
                .ints(values.length, 0, values.length)
                .mapToDouble(i -> values[i])
                .average()
                .orElseThrow());
    double[] ends = Quantile.withDefaults().evaluate(means, (1 - level) / 2, (1 + level) / 2);
    return new Interval(ends[0], ends[1]);
  }

  /// The coverage of each interval, so that of several the chance of a false one stays below 5 %
  /// (Bonferroni), where all models spread alike.
  ///
  /// @param comparisons how many there are
  public static double level(int comparisons) {
    return 1 - 0.05 / Math.max(1, comparisons);
  }

  /// From the lowest to the highest end of both intervals: it leaves out zero if and only if both
  /// do, on the same side, so it claims as much as the verdict and no more.
  public Interval whole() {
    return new Interval(
        Math.min(student.low(), bootstrap.low()), Math.max(student.high(), bootstrap.high()));
  }

  /// What follows from both intervals.
  public Verdict verdict() {
    if (bootstrap.above(0) && student.above(0)) {
      return Verdict.HIGHER;
    }
    return bootstrap.below(0) && student.below(0) ? Verdict.LOWER : Verdict.NO_DIFFERENCE_FOUND;
  }
}
