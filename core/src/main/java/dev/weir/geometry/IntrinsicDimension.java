package dev.weir.geometry;

import dev.weir.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/// How many dimensions a cloud of points has where it is, from the distances of each point to its
/// nearest others. Points that stand at the same place are one point.
public final class IntrinsicDimension {
  private static final int LEAST_POINTS = 4;
  private static final double SHARE_FITTED = 0.9;

  private final double[][] distances;

  private IntrinsicDimension(double[][] distances) {
    this.distances = distances;
  }

  /// Of some points.
  ///
  /// @param points `[point, ..]`
  /// @param neighbours how many neighbours [#levinaBickel] and [#mackayGhahramani] look at
  /// @throws GeometryException if there are too few points or neighbours
  public static IntrinsicDimension of(Tensor points, int neighbours) {
    if (neighbours < 3) {
      throw GeometryException.badNeighbours(neighbours);
    }
    double[][] rows = different(points);
    int least = Math.max(LEAST_POINTS, neighbours + 1);
    if (rows.length < least) {
      throw GeometryException.tooFewPoints(rows.length, least);
    }
    return new IntrinsicDimension(
        IntStream.range(0, rows.length)
            .parallel()
            .mapToObj(i -> nearest(rows, i, neighbours))
            .toArray(double[][]::new));
  }

  private static double[][] different(Tensor points) {
    int count = Math.toIntExact(points.size("point"));
    double[] all = points.order(pointFirst(points)).toDoubles();
    int width = all.length / Math.max(1, count);
    Set<DoubleRow> rows = new LinkedHashSet<>();
    for (int i = 0; i < count; i++) {
      rows.add(new DoubleRow(Arrays.copyOfRange(all, i * width, (i + 1) * width)));
    }
    return rows.stream().map(DoubleRow::values).toArray(double[][]::new);
  }

  private static String[] pointFirst(Tensor points) {
    return points.shape().names().stream()
        .sorted((a, b) -> Boolean.compare(b.equals("point"), a.equals("point")))
        .toArray(String[]::new);
  }

  @SuppressWarnings("ArrayRecordComponent") // Compared by its numbers, below.
  private record DoubleRow(double[] values) {
    @Override
    public boolean equals(Object other) {
      return other instanceof DoubleRow(double[] others) && Arrays.equals(values, others);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(values);
    }
  }

  /// The distances to the nearest others, nearest first.
  private static double[] nearest(double[][] rows, int i, int neighbours) {
    return IntStream.range(0, rows.length)
        .filter(j -> j != i)
        .mapToDouble(j -> squaredDistance(rows[i], rows[j]))
        .sorted()
        .limit(neighbours)
        .map(Math::sqrt)
        .toArray();
  }

  private static double squaredDistance(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return sum;
  }

  /// How many different points there are.
  public int points() {
    return distances.length;
  }

  /// TwoNN by maximum likelihood, `(N − 1) / Σ ln(r₂/r₁)` (Facco et al. 2017, arXiv:1803.06992;
  /// Denti et al. 2022 for the N − 1).
  public double twoNn() {
    return (points() - 1) / ratios().sum();
  }

  /// TwoNN by a straight line through the origin: `−ln(1 − i/N)` against the sorted `ln(r₂/r₁)`,
  /// the largest tenth left out (Facco et al. 2017).
  public double twoNnLine() {
    double[] sorted = ratios().sorted().toArray();
    int fitted = (int) (SHARE_FITTED * sorted.length);
    double product = 0;
    double square = 0;
    for (int i = 0; i < fitted; i++) {
      product -= sorted[i] * Math.log(1 - (i + 1.0) / sorted.length);
      square += sorted[i] * sorted[i];
    }
    return product / square;
  }

  /// `ln(r₂/r₁)` of each point.
  private DoubleStream ratios() {
    return Arrays.stream(distances).mapToDouble(r -> Math.log(r[1] / r[0]));
  }

  /// The mean over points of Levina & Bickel's estimate (2004, equation 8, with the k − 2 that
  /// makes it unbiased). A few points with tight neighbours pull it up.
  public double levinaBickel() {
    return Arrays.stream(distances).mapToDouble(r -> 1 / inverse(r)).average().orElseThrow();
  }

  /// The inverse of the mean of the inverses of the same (MacKay & Ghahramani 2005), which no point
  /// decides by itself. With the same k − 2, where they have k − 1, so it is lower than theirs by
  /// `(k − 2) / (k − 1)`.
  public double mackayGhahramani() {
    return 1
        / Arrays.stream(distances).mapToDouble(IntrinsicDimension::inverse).average().orElseThrow();
  }

  /// `1/(k − 2) Σ_{j<k} ln(r_k / r_j)`.
  private static double inverse(double[] r) {
    double last = r[r.length - 1];
    return Arrays.stream(r).map(distance -> Math.log(last / distance)).sum() / (r.length - 2);
  }
}
