package dev.weir.readout.bandwidth;

import dev.weir.tensor.DType;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;

/// The covariance of vectors that come some at a time and are not kept, in float64 (Chan, Golub &
/// LeVeque 1983, equation 1.5): each stretch is centred by itself before it is joined.
final class Covariance {
  private final int size;
  private long count;
  private final double[] mean;
  private final double[] products;

  Covariance(int size) {
    this.size = size;
    this.mean = new double[size];
    this.products = new double[size * size];
  }

  /// Takes in some vectors.
  ///
  /// @param rows `[pos, d_model]`
  void add(Tensor rows) {
    if (rows.size("pos") == 0) {
      return;
    }
    Covariance stretch = new Covariance(size);
    try (Scope _ = Scope.open()) {
      Tensor wide = rows.to(DType.FLOAT64);
      Tensor centre = wide.mean("pos");
      Tensor centred = wide.minus(centre);
      stretch.count = rows.size("pos");
      System.arraycopy(centre.toDoubles(), 0, stretch.mean, 0, size);
      double[] all = centred.dot(centred.rename("d_model", "other"), "pos").toDoubles();
      System.arraycopy(all, 0, stretch.products, 0, all.length);
    }
    join(stretch);
  }

  /// Takes in what another one has seen.
  void join(Covariance other) {
    if (other.count == 0) {
      return;
    }
    double all = (double) count + other.count;
    double weight = count * (other.count / all);
    for (int i = 0; i < size; i++) {
      double step = other.mean[i] - mean[i];
      for (int j = 0; j < size; j++) {
        products[i * size + j] +=
            other.products[i * size + j] + weight * step * (other.mean[j] - mean[j]);
      }
    }
    for (int i = 0; i < size; i++) {
      mean[i] += (other.mean[i] - mean[i]) * (other.count / all);
    }
    count += other.count;
  }

  int size() {
    return size;
  }

  long count() {
    return count;
  }

  /// The mean, `[d_model]`.
  double[] mean() {
    return mean.clone();
  }

  /// The covariance, row by row; divided by the count, not by one less.
  double[] covariances() {
    return Arrays.stream(products).map(product -> product / count).toArray();
  }

  /// The variance of one coordinate.
  double variance(int i) {
    return products[i * size + i] / count;
  }

  /// The eigenvalues, with some coordinates left out; divided by the count, not by one less.
  ///
  /// @param leftOut which coordinates
  Spectrum spectrum(int... leftOut) {
    if (count < 2) {
      throw BandwidthException.tooFewTokens(count);
    }
    int[] kept =
        IntStream.range(0, size)
            .filter(i -> Arrays.stream(leftOut).noneMatch(out -> out == i))
            .toArray();
    double[] block = new double[kept.length * kept.length];
    for (int i = 0; i < kept.length; i++) {
      for (int j = 0; j < kept.length; j++) {
        block[i * kept.length + j] = products[kept[i] * size + kept[j]] / count;
      }
    }
    try (Scope _ = Scope.open()) {
      Tensor matrix = Tensor.of(block, Shape.of("row", kept.length, "column", kept.length));
      return new Spectrum(
          LinearAlgebra.symmetricEigen(matrix, "row", "column").values().toDoubles());
    }
  }

  /// The coordinates that vary most.
  int[] largest(int many) {
    return IntStream.range(0, size)
        .boxed()
        .sorted((a, b) -> Double.compare(variance(b), variance(a)))
        .limit(many)
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
