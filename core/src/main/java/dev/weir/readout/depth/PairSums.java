package dev.weir.readout.depth;

import dev.weir.tensor.DType;
import dev.weir.tensor.Device;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;

/// Sums over pairs of vectors `x`, `y` from which every linear map between them can be fitted and
/// judged, in float64. Its memory does not grow with the number of pairs.
///
/// [dev.weir.readout.probe.Moments] are for few targets, and copied with every block of rows. Here
/// the targets are as wide as the stream: the sums lie in native memory, and no product of targets
/// with targets is among them.
final class PairSums implements AutoCloseable {
  private final int width;
  private TensorOwner owner = new TensorOwner();
  private Sums sums;
  private long count;

  /// `Σ xᵀx`, `Σ xᵀy`, both `[d_model, out]`; `Σ x`, `[d_model]`; `Σ y` and `Σ y²`, `[out]`.
  private record Sums(Tensor xx, Tensor xy, Tensor x, Tensor y, Tensor yy) {
    Sums plus(Sums other, TensorOwner keeper) {
      return new Sums(
          keeper.own(xx.plus(other.xx)),
          keeper.own(xy.plus(other.xy)),
          keeper.own(x.plus(other.x)),
          keeper.own(y.plus(other.y)),
          keeper.own(yy.plus(other.yy)));
    }
  }

  PairSums(int width) {
    this.width = width;
    try (Scope _ = Scope.open()) {
      Tensor vector = Tensor.zeros(Shape.of("d_model", width), DType.FLOAT64);
      Tensor square = Tensor.zeros(Shape.of("d_model", width, "out", width), DType.FLOAT64);
      Tensor out = vector.rename("d_model", "out");
      Sums zeros = new Sums(square, square, vector, out, out);
      this.sums = zeros.plus(zeros, owner);
    }
  }

  /// More pairs, `[pos, d_model]` each.
  void add(Tensor before, Tensor after) {
    try (Scope _ = Scope.open()) {
      Tensor x = before.to(new Device.Cpu()).to(DType.FLOAT64);
      Tensor y = after.to(new Device.Cpu()).to(DType.FLOAT64).rename("d_model", "out");
      Sums more =
          new Sums(
              x.dot(x.rename("d_model", "out"), "pos"),
              x.dot(y, "pos"),
              x.sum("pos"),
              y.sum("pos"),
              y.square().sum("pos"));
      TensorOwner next = new TensorOwner();
      sums = sums.plus(more, next);
      owner.close();
      owner = next;
      count += before.size("pos");
    }
  }

  // ---------------------------------------------------------------- fitted

  /// Ridge regression: `W = (C_xx + λ I)⁻¹ C_xy` with covariances `C`, and `b` so that the means
  /// meet.
  ///
  /// @param strength `λ` in units of the mean variance of a feature of `x`
  AffineMap ridge(double strength) {
    Tensor penalty = identity().times(strength * variance() / width);
    Tensor matrix =
        LinearAlgebra.solve(
                covariance(sums.xx, sums.x.rename("d_model", "out"))
                    .plus(penalty)
                    .rename("out", "other"),
                "d_model",
                "other",
                covariance(sums.xy, sums.y))
            .rename("other", "d_model");
    return through(matrix);
  }

  /// The map that changes the mean alone.
  AffineMap shift() {
    return through(identity());
  }

  /// With the shift that brings mean to mean.
  private AffineMap through(Tensor matrix) {
    Tensor moved = sums.x.times(1.0 / count).dot(matrix, "d_model");
    return new AffineMap(matrix, sums.y.times(1.0 / count).minus(moved));
  }

  private Tensor covariance(Tensor products, Tensor right) {
    return products.times(1.0 / count).minus(sums.x.times(right).times(1.0 / count / count));
  }

  /// The variances of all features of `x` together.
  private double variance() {
    return trace(covariance(sums.xx, sums.x.rename("d_model", "out")));
  }

  private double trace(Tensor square) {
    return square.times(identity()).sum().item();
  }

  private Tensor identity() {
    return identity(width);
  }

  /// `[d_model, out]`, float64.
  static Tensor identity(int width) {
    double[] numbers = new double[Math.multiplyExact(width, width)];
    for (int i = 0; i < width; i++) {
      numbers[i * width + i] = 1;
    }
    return Tensor.of(numbers, Shape.of("d_model", width, "out", width));
  }

  // ---------------------------------------------------------------- judged

  /// `1 − Σ ‖y − xW − b‖² / Σ ‖y − ȳ‖²` over these pairs, all features together.
  double rSquared(AffineMap map) {
    Tensor w = map.matrix();
    Tensor b = map.shift();
    double lengths = sums.yy.sum().item();
    double withY = sums.xy.times(w).sum().item() + b.times(sums.y).sum().item();
    double ofMap =
        sums.xx
                .rename("out", "other")
                .dot(w, "d_model")
                .times(w.rename("d_model", "other"))
                .sum()
                .item()
            + 2 * sums.x.dot(w, "d_model").times(b).sum().item()
            + count * b.square().sum().item();
    double spread = lengths - sums.y.square().sum().item() / count;
    return 1 - (lengths - 2 * withY + ofMap) / spread;
  }

  /// The nuclear norm of `C_xy` over the lengths of both clouds: `1 − ½ min ‖XQ − Y‖²` over
  /// orthogonal `Q`, both centred and of unit Frobenius norm.
  double procrustes() {
    double nuclear =
        LinearAlgebra.singularValues(covariance(sums.xy, sums.y), "d_model", "out").sum().item();
    double varianceY =
        sums.yy.sum().item() / count - sums.y.times(1.0 / count).square().sum().item();
    return nuclear / Math.sqrt(variance() * varianceY);
  }

  @Override
  public void close() {
    owner.close();
  }
}
