package dev.weir.readout.probe;

import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.Arrays;

/// Means and sums of products of many rows, float64: all that closed-form probes and erasers ask of
/// a data set, in memory that does not grow with it. Two can be added (Chan et al. 1983), so rows
/// may come in blocks.
///
/// @param weight how many rows, or the sum of their weights
/// @param mean of the values, `[feature]`
/// @param targetMean of the targets, `[target]`
/// @param xx sums of products of centred values, `[feature, feature]`, row by row
/// @param xz of centred values with centred targets, `[feature, target]`, row by row
/// @param zz of centred targets, `[target, target]`, row by row
@SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
public record Moments(
    double weight, double[] mean, double[] targetMean, double[] xx, double[] xz, double[] zz) {

  /// Of no rows.
  ///
  /// @param features how many numbers a row has
  /// @param targets how many numbers are to be read from it
  public static Moments none(int features, int targets) {
    return new Moments(
        0,
        new double[features],
        new double[targets],
        new double[features * features],
        new double[features * targets],
        new double[targets * targets]);
  }

  /// Of some rows, each counted once.
  ///
  /// @param values `[row, feature]`
  /// @param targets `[row, target]`
  public static Moments of(Tensor values, Tensor targets) {
    double[] ones = new double[Math.toIntExact(values.size("row"))];
    Arrays.fill(ones, 1);
    return of(values, targets, ones);
  }

  /// Of some rows, each with a weight.
  ///
  /// @param values `[row, feature]`
  /// @param targets `[row, target]`
  /// @param weights one for each row, none negative
  public static Moments of(Tensor values, Tensor targets, double[] weights) {
    try (Scope _ = Scope.open()) {
      Tensor w = Tensor.of(weights, Shape.of(new Axis("row", weights.length)));
      double total = w.sum().item();
      Tensor x = values.to(DType.FLOAT64);
      Tensor z = targets.to(DType.FLOAT64);
      Tensor mean = x.times(w).sum("row").times(1 / total);
      Tensor targetMean = z.times(w).sum("row").times(1 / total);
      Tensor centred = x.minus(mean);
      Tensor weighted = centred.times(w);
      Tensor targetsCentred = z.minus(targetMean);
      return new Moments(
          total,
          mean.toDoubles(),
          targetMean.toDoubles(),
          weighted.dot(centred.rename("feature", "other"), "row").toDoubles(),
          weighted.dot(targetsCentred, "row").toDoubles(),
          targetsCentred.times(w).dot(targetsCentred.rename("target", "other"), "row").toDoubles());
    }
  }

  /// Of these rows and of others together.
  ///
  /// @param other of the other rows, with as many features and targets
  public Moments plus(Moments other) {
    if (weight == 0) {
      return other;
    }
    double total = weight + other.weight;
    double share = other.weight / total;
    double[] step = minus(other.mean, mean);
    double[] targetStep = minus(other.targetMean, targetMean);
    double between = weight * share;
    return new Moments(
        total,
        plus(mean, step, share),
        plus(targetMean, targetStep, share),
        merged(xx, other.xx, step, step, between),
        merged(xz, other.xz, step, targetStep, between),
        merged(zz, other.zz, targetStep, targetStep, between));
  }

  private static double[] minus(double[] a, double[] b) {
    double[] difference = new double[a.length];
    Arrays.setAll(difference, i -> a[i] - b[i]);
    return difference;
  }

  private static double[] plus(double[] a, double[] step, double share) {
    double[] sum = new double[a.length];
    Arrays.setAll(sum, i -> a[i] + share * step[i]);
    return sum;
  }

  private static double[] merged(
      double[] a, double[] b, double[] rowStep, double[] columnStep, double between) {
    double[] sum = new double[a.length];
    for (int i = 0; i < rowStep.length; i++) {
      for (int j = 0; j < columnStep.length; j++) {
        int at = i * columnStep.length + j;
        sum[at] = a[at] + b[at] + between * rowStep[i] * columnStep[j];
      }
    }
    return sum;
  }

  /// How many numbers a row has.
  public int features() {
    return mean.length;
  }

  /// How many numbers are to be read from a row.
  public int targets() {
    return targetMean.length;
  }

  /// The covariance of the values, `[feature, other]`, a tensor of the current scope.
  public Tensor covariance() {
    return Tensor.of(xx, Shape.of("feature", features(), "other", features())).times(1 / weight);
  }

  /// The covariance of the values with the targets, `[feature, target]`, a tensor of the current
  /// scope.
  public Tensor crossCovariance() {
    return Tensor.of(xz, Shape.of("feature", features(), "target", targets())).times(1 / weight);
  }

  /// The standard deviation of each feature; 1 where it never changes.
  double[] deviations() {
    double[] deviations = new double[features()];
    Arrays.setAll(
        deviations,
        i -> {
          double deviation = Math.sqrt(xx[i * features() + i] / weight);
          return deviation > 0 ? deviation : 1;
        });
    return deviations;
  }
}
