package dev.weir.readout.probe;

import dev.weir.edit.Intervention;
import dev.weir.tensor.Axis;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;

/// Least-squares concept erasure: the smallest change of the values after which no linear probe
/// reads the concept (Belrose et al. 2023, arXiv:2306.03819, theorem 4.3).
public final class Leace {
  private final double[][] read;
  private final double[][] write;
  private final double[] center;

  private Leace(double[][] read, double[][] write, double[] center) {
    this.read = read;
    this.write = write;
    this.center = center;
  }

  /// How it erases.
  public enum Method {
    /// In whitened coordinates: changes least.
    LEACE,
    /// Orthogonally: only the directions in which values and concept vary together.
    ORTHOGONAL
  }

  /// What fixes an eraser.
  ///
  /// @param method how it erases
  /// @param keepsMean whether the mean of the values stays; without, the eraser is linear and takes
  ///   from each value what it finds, whatever the mean
  /// @param tolerance singular values of the whitened covariance with the concept that are not
  ///   larger are taken for noise and stay
  public record Options(Method method, boolean keepsMean, double tolerance) {

    /// The smallest change that keeps the mean and erases all that is not rounding.
    public static Options usual() {
      return new Options(Method.LEACE, true, 1e-9);
    }
  }

  /// Fits `r(x) = x − W⁺ U Uᵀ W (x − μ)`, where `W = Σ^(-1/2)` (for [Method#ORTHOGONAL] `W = I`)
  /// and the columns of `U` span `W Σ_xz`.
  ///
  /// @param moments of values and concept; for classes the targets are their indicators
  /// @param options what fixes it
  public static Leace fit(Moments moments, Options options) {
    try (Scope _ = Scope.open()) {
      Spectrum spectrum = Spectrum.of(moments.covariance());
      Tensor cross = moments.crossCovariance();
      boolean whiten = options.method() == Method.LEACE;
      Tensor whitened = whiten ? spectrum.times(e -> 1 / Math.sqrt(e), cross) : cross;
      Tensor u = columns(whitened, options.tolerance());
      return new Leace(
          RidgeProbe.rows(
              (whiten ? spectrum.times(e -> 1 / Math.sqrt(e), u) : u).order("rank", "feature")),
          RidgeProbe.rows((whiten ? spectrum.times(Math::sqrt, u) : u).order("rank", "feature")),
          options.keepsMean() ? moments.mean().clone() : new double[moments.features()]);
    }
  }

  /// The left singular vectors whose singular values exceed a bound, `[feature, rank]`.
  private static Tensor columns(Tensor matrix, double bound) {
    LinearAlgebra.Svd svd = LinearAlgebra.svd(matrix, "feature", "target");
    double[] values = svd.s().toDoubles();
    int kept = 0;
    while (kept < values.length && values[kept] > bound) {
      kept++;
    }
    return svd.u().slice("rank", 0, kept);
  }

  /// How many directions it takes away; at most the number of classes less one.
  public int rank() {
    return read.length;
  }

  /// The values after erasure, same shape.
  ///
  /// @param values `[row, feature]`
  public Tensor apply(Tensor values) {
    if (rank() == 0) {
      return values;
    }
    Tensor found =
        values
            .minus(vector("feature").to(values.dtype()))
            .dot(matrix(read, "feature").to(values.dtype()), "feature");
    return values.minus(found.dot(matrix(write, "feature").to(values.dtype()), "rank"));
  }

  /// The same as a change of a run, at a place of the stream. Its tensors belong to the current
  /// scope, which must stay open while runs use it.
  public Intervention intervention() {
    return new Intervention.Erase(
        matrix(read, "d_model"), matrix(write, "d_model"), vector("d_model"));
  }

  private Tensor matrix(double[][] rows, String axis) {
    double[] flat = new double[rows.length * center.length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * center.length, center.length);
    }
    return Tensor.of(flat, Shape.of("rank", rows.length, axis, center.length));
  }

  private Tensor vector(String axis) {
    return Tensor.of(center, Shape.of(new Axis(axis, center.length)));
  }
}
