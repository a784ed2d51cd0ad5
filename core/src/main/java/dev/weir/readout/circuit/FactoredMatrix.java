package dev.weir.readout.circuit;

import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.LinearAlgebra.Complex;
import dev.weir.tensor.LinearAlgebra.Qr;
import dev.weir.tensor.LinearAlgebra.Svd;
import dev.weir.tensor.Tensor;

/// A matrix of low rank as the product of two thin ones, which is never multiplied out: a circuit
/// from `d_model` to `d_model` through a head, or from token to token. In row convention, as
/// everywhere: a vector `x [from]` becomes `x · left · right [to]`. Any further axes (`head`) count
/// matrices and stay in front. Results are tensors of the current scope.
///
/// @param left `[.., from, rank]`, float32 or float64
/// @param right `[.., rank, to]`
public record FactoredMatrix(Tensor left, Tensor right) {

  /// How many numbers go in.
  public long from() {
    return left.size("from");
  }

  /// How many numbers come out.
  public long to() {
    return right.size("to");
  }

  /// The size between the factors, which bounds the rank.
  public long rank() {
    return left.size("rank");
  }

  /// One of several matrices.
  ///
  /// @param axis what counts them
  /// @param index which
  public FactoredMatrix at(String axis, long index) {
    return new FactoredMatrix(left.at(axis, index), right.at(axis, index));
  }

  /// The matrix turned around: what came out goes in.
  public FactoredMatrix transposed() {
    return new FactoredMatrix(right.rename("to", "from"), left.rename("from", "to"));
  }

  /// What becomes of vectors, `[.., to]`.
  ///
  /// @param vectors `[.., from]`
  public Tensor applied(Tensor vectors) {
    return vectors.dot(left, "from").dot(right, "rank");
  }

  /// Some rows, `[.., from, to]`.
  ///
  /// @param first the first
  /// @param count how many
  public Tensor rows(long first, long count) {
    return left.slice("from", first, count).dot(right, "rank");
  }

  /// Some columns, `[.., from, to]`.
  ///
  /// @param first the first
  /// @param count how many
  public Tensor columns(long first, long count) {
    return left.dot(right.slice("to", first, count), "rank");
  }

  /// First this map, then another. The smaller of the two ranks is kept.
  ///
  /// @param next its `from` is this `to`
  public FactoredMatrix times(FactoredMatrix next) {
    Tensor middle =
        right
            .rename("to", "met")
            .dot(next.left.rename("from", "met").rename("rank", "next"), "met");
    Tensor last = next.right.rename("rank", "next");
    return rank() <= next.rank()
        ? new FactoredMatrix(left, middle.dot(last, "next"))
        : new FactoredMatrix(left.dot(middle, "rank").rename("next", "rank"), next.right);
  }

  /// A map before this one, and one after it.
  ///
  /// @param before `[from, inner]`, whose `inner` is this `from`
  /// @param after `[inner, to]`, whose `inner` is this `to`
  public FactoredMatrix between(Tensor before, Tensor after) {
    return new FactoredMatrix(
        before.dot(left.rename("from", "inner"), "inner"),
        right.rename("to", "inner").dot(after, "inner"));
  }

  /// The Frobenius norm, `[..]`: the axes that count matrices.
  public Tensor norm() {
    return core().square().sum("rank", "out").sqrt();
  }

  /// Singular values, largest first, `[.., rank]`.
  public Tensor singularValues() {
    return LinearAlgebra.singularValues(core(), "rank", "out");
  }

  /// Singular values and vectors: `u [.., from, rank]`, `s [.., rank]`, `v [.., rank, to]`. The
  /// sign of each pair of vectors is arbitrary.
  public Svd svd() {
    Qr reading = LinearAlgebra.qr(left.rename("rank", "old"), "from", "old");
    Qr writing = LinearAlgebra.qr(right.rename("rank", "old"), "to", "old");
    Tensor readingFactor = reading.r().rename("rank", "in");
    Tensor writingFactor = writing.r().rename("rank", "out");
    Svd small = LinearAlgebra.svd(readingFactor.dot(writingFactor, "old"), "in", "out");
    return new Svd(
        reading.q().rename("rank", "in").dot(small.u(), "in"),
        small.s(),
        small.v().dot(writing.q().rename("rank", "out"), "out"));
  }

  /// The eigenvalues that can differ from zero, `[.., eigen]`: those of `right · left`, which is
  /// small.
  ///
  /// @throws CircuitException if the matrix is not square
  public Complex eigenvalues() {
    if (from() != to()) {
      throw CircuitException.notSquare(from(), to());
    }
    Tensor product =
        right.rename("to", "met").dot(left.rename("from", "met").rename("rank", "other"), "met");
    return LinearAlgebra.eigenvalues(product, "rank", "other");
  }

  /// What is left of `Σ λ` after its terms have met, `Re Σ λ / Σ |λ|`, from −1 to 1: 1 for a map
  /// that makes everything it reads longer, −1 for one that turns everything around (Elhage et al.
  /// 2021, "copying"), `[..]`: the axes that count matrices. A map of zeros has 0.
  public Tensor copying() {
    Complex values = eigenvalues();
    Tensor sizes = values.real().square().plus(values.imaginary().square()).sqrt();
    return values.real().sum("eigen").dividedBy(sizes.sum("eigen").notBelow(Float.MIN_NORMAL));
  }

  /// The same lengths as the whole matrix has, in `[.., rank, out]`: each factor's orthonormal part
  /// is left out. Norms taken of it lose no digits, as those of products of squares would.
  private Tensor core() {
    Tensor reading = LinearAlgebra.qr(left.rename("rank", "old"), "from", "old").r();
    Tensor writing = LinearAlgebra.qr(right.rename("rank", "old"), "to", "old").r();
    return reading.dot(writing.rename("rank", "out"), "old");
  }
}
