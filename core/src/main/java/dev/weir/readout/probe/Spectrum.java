package dev.weir.readout.probe;

import dev.weir.tensor.Axis;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.function.DoubleUnaryOperator;

/// A covariance by its eigenvectors, so that functions of it can be applied. Directions in which
/// the rows do not vary, up to rounding, are left out: inverses are pseudo-inverses.
///
/// @param values the eigenvalues that count, `[eigen]`
/// @param vectors orthonormal, `[feature, eigen]`
record Spectrum(Tensor values, Tensor vectors) {
  private static final double ROUNDING = 0x1p-52;

  /// Of a covariance, without the directions in which rows do not vary, up to rounding: inverses
  /// are pseudo-inverses.
  ///
  /// @param covariance `[feature, other]`
  static Spectrum of(Tensor covariance) {
    Spectrum all = whole(covariance);
    double[] values = all.values.toDoubles();
    double least = values[values.length - 1] * values.length * ROUNDING;
    int first = 0;
    while (first < values.length - 1 && values[first] <= least) {
      first++;
    }
    int kept = values.length - first;
    return new Spectrum(
        all.values.slice("eigen", first, kept), all.vectors.slice("eigen", first, kept));
  }

  /// Of a covariance to whose eigenvalues a penalty will be added: with one, every direction
  /// counts.
  ///
  /// @param covariance `[feature, other]`
  static Spectrum of(Tensor covariance, double penalty) {
    return penalty > 0 ? whole(covariance) : of(covariance);
  }

  private static Spectrum whole(Tensor covariance) {
    LinearAlgebra.Eigen all = LinearAlgebra.symmetricEigen(covariance, "feature", "other");
    return new Spectrum(all.values(), all.vectors());
  }

  /// A function of the matrix times another, `f(covariance) right`.
  ///
  /// @param f what becomes of each eigenvalue
  /// @param right `[feature, ..]`
  Tensor times(DoubleUnaryOperator f, Tensor right) {
    double[] changed = values.toDoubles();
    for (int i = 0; i < changed.length; i++) {
      changed[i] = f.applyAsDouble(changed[i]);
    }
    Tensor scale = Tensor.of(changed, Shape.of(new Axis("eigen", changed.length)));
    return vectors.times(scale).dot(vectors.dot(right, "feature"), "eigen");
  }
}
