package dev.weir.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/// Each decomposition gives back the matrix that it was made of.
class LinearAlgebraTest {
  /// A handful of float64 operations on numbers near 1.
  private static final double ROUNDING = 1e-12;

  private static Tensor matrices(Shape shape) {
    return Tensor.gaussian(shape, 1, new Random(1)).to(DType.FLOAT64);
  }

  private static double largest(Tensor difference) {
    return difference.abs().max(difference.shape().names().toArray(String[]::new)).item();
  }

  @Test
  void singularVectorsAndValuesMakeTheMatrixAgain() {
    try (Scope _ = Scope.open()) {
      Tensor m = matrices(Shape.of(new Axis("in", 3), new Axis("many", 2), new Axis("out", 5)));
      LinearAlgebra.Svd svd = LinearAlgebra.svd(m, "in", "out");
      assertThat(svd.u().shape().toString()).isEqualTo("[many=2, in=3, rank=3]");
      Tensor again = svd.u().times(svd.s()).dot(svd.v(), "rank").order("in", "many", "out");
      assertThat(largest(again.minus(m))).isLessThan(ROUNDING);
      assertThat(largest(LinearAlgebra.singularValues(m, "out", "in").minus(svd.s())))
          .isLessThan(ROUNDING);
    }
  }

  @Test
  void eigenvectorsMakeTheSymmetricMatrixAgain() {
    try (Scope _ = Scope.open()) {
      Tensor half = matrices(Shape.of("row", 6, "k", 6));
      Tensor m = half.dot(half.rename("row", "column"), "k");
      LinearAlgebra.Eigen eigen = LinearAlgebra.symmetricEigen(m, "row", "column");
      Tensor again =
          eigen
              .vectors()
              .times(eigen.values())
              .dot(eigen.vectors().rename("row", "column"), "eigen");
      assertThat(largest(again.minus(m))).isLessThan(10 * ROUNDING);
    }
  }

  @Test
  void eigenvaluesOfARotationAreItsAngle() {
    try (Scope _ = Scope.open()) {
      double c = Math.cos(0.3);
      double s = Math.sin(0.3);
      Tensor turn = Tensor.of(new double[] {c, -s, s, c}, Shape.of("row", 2, "column", 2));
      LinearAlgebra.Complex values = LinearAlgebra.eigenvalues(turn, "row", "column");
      assertThat(largest(values.real().plus(-c))).isLessThan(ROUNDING);
      assertThat(largest(values.imaginary().abs().plus(-s))).isLessThan(ROUNDING);
    }
  }

  @Test
  void aSolutionSolvesAndAFactorisationMultiplies() {
    try (Scope _ = Scope.open()) {
      Tensor m = matrices(Shape.of("row", 4, "column", 4));
      Tensor right = matrices(Shape.of("row", 4, "case", 3));
      Tensor x = LinearAlgebra.solve(m, "row", "column", right);
      assertThat(x.shape().toString()).isEqualTo("[column=4, case=3]");
      assertThat(largest(m.dot(x, "column").minus(right))).isLessThan(100 * ROUNDING);
      LinearAlgebra.Qr qr = LinearAlgebra.qr(m, "row", "column");
      assertThat(largest(qr.q().dot(qr.r(), "rank").minus(m))).isLessThan(ROUNDING);
    }
  }

  @Test
  void aRandomRotationKeepsLengthsAndIsTheSameForTheSameSeed() {
    try (Scope _ = Scope.open()) {
      Tensor q = LinearAlgebra.orthogonal("from", "to", 16, new Random(2));
      Tensor identity = q.dot(q.rename("to", "again"), "from");
      assertThat(largest(identity.times(identity).sum("to").plus(-1))).isLessThan(ROUNDING);
      Tensor same = LinearAlgebra.orthogonal("from", "to", 16, new Random(2));
      assertThat(q.toDoubles()).isEqualTo(same.toDoubles());
    }
  }
}
