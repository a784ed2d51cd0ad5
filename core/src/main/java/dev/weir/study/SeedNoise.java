package dev.weir.study;

import java.util.Arrays;
import java.util.List;
import org.apache.commons.statistics.descriptive.Mean;
import org.apache.commons.statistics.descriptive.Variance;

/// What seeds do to a number of a trained model, beyond what they do to every model alike.
///
/// Models are rows, seeds are columns. A number is taken for the row's mean, plus what the seed
/// does to all rows, plus noise: a randomized block design with seeds as blocks (Fisher 1935). All
/// rows together tell the noise much better than the three numbers of one of them would. Of two
/// rows it is what the paired t-test uses.
///
/// @param deviation the standard deviation of the noise of a single number
/// @param degrees the degrees of freedom that it was estimated with
public record SeedNoise(double deviation, double degrees) {

  /// Of models that were trained on the same seeds.
  ///
  /// @param rows a row for each model, a number for each seed; two of each at least
  static SeedNoise of(List<double[]> rows) {
    int seeds = rows.getFirst().length;
    double[] bySeed = new double[seeds];
    for (int seed = 0; seed < seeds; seed++) {
      int column = seed;
      bySeed[seed] = rows.stream().mapToDouble(row -> row[column]).average().orElseThrow();
    }
    double all = Mean.of(bySeed).getAsDouble();
    double squares = 0;
    for (double[] row : rows) {
      double mean = Mean.of(row).getAsDouble();
      for (int seed = 0; seed < seeds; seed++) {
        double rest = row[seed] - mean - bySeed[seed] + all;
        squares += rest * rest;
      }
    }
    double degrees = (rows.size() - 1.0) * (seeds - 1.0);
    return new SeedNoise(Math.sqrt(squares / degrees), degrees);
  }

  /// Of the differences of one pair of models: a difference has twice the variance of a number.
  ///
  /// @param differences one for each seed
  static SeedNoise ofDifferences(double[] differences) {
    double variance =
        Arrays.stream(differences).allMatch(Double::isFinite) && differences.length > 1
            ? Variance.of(differences).getAsDouble()
            : Double.NaN;
    return new SeedNoise(Math.sqrt(variance / 2), Math.max(1, differences.length - 1));
  }
}
