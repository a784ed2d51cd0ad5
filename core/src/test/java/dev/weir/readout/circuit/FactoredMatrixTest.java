package dev.weir.readout.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Whatever is asked of the two factors, the matrix multiplied out answers the same.
class FactoredMatrixTest {
  /// A handful of float64 operations on numbers near 10.
  private static final double ROUNDING = 1e-11;

  private static FactoredMatrix random(int from, int rank, int to, int seed) {
    Random random = new Random(seed);
    return new FactoredMatrix(
        gaussian(
            Shape.of(new Axis("head", 3), new Axis("from", from), new Axis("rank", rank)), random),
        gaussian(
            Shape.of(new Axis("head", 3), new Axis("rank", rank), new Axis("to", to)), random));
  }

  private static Tensor gaussian(Shape shape, Random random) {
    return Tensor.gaussian(shape, 1, random).to(DType.FLOAT64);
  }

  private static Tensor product(FactoredMatrix matrix) {
    return matrix.left().dot(matrix.right(), "rank").order("head", "from", "to");
  }

  private static double largest(Tensor difference) {
    return difference.abs().max(difference.shape().names().toArray(String[]::new)).item();
  }

  @Test
  void normAndSingularValuesAreThoseOfTheProduct() {
    try (Scope _ = Scope.open()) {
      for (FactoredMatrix matrix : new FactoredMatrix[] {random(7, 3, 9, 1), random(4, 6, 5, 2)}) {
        Tensor whole = product(matrix);
        assertThat(largest(matrix.norm().minus(whole.square().sum("from", "to").sqrt())))
            .isLessThan(ROUNDING);
        Tensor values = LinearAlgebra.singularValues(whole, "from", "to");
        Tensor found = matrix.singularValues();
        assertThat(largest(found.minus(values.slice("rank", 0, found.size("rank")))))
            .isLessThan(ROUNDING);
      }
    }
  }

  @Test
  void singularVectorsMakeTheProductAgain() {
    try (Scope _ = Scope.open()) {
      FactoredMatrix matrix = random(7, 3, 9, 3);
      LinearAlgebra.Svd svd = matrix.svd();
      assertThat(svd.s().size("rank")).isEqualTo(3);
      Tensor again = svd.u().times(svd.s()).dot(svd.v(), "rank").order("head", "from", "to");
      assertThat(largest(again.minus(product(matrix)))).isLessThan(ROUNDING);
    }
  }

  @Test
  void eigenvaluesOfTheSmallProductAreThoseOfTheLargeOne() {
    try (Scope _ = Scope.open()) {
      FactoredMatrix matrix = random(8, 3, 8, 4);
      LinearAlgebra.Complex whole = LinearAlgebra.eigenvalues(product(matrix), "from", "to");
      LinearAlgebra.Complex small = matrix.eigenvalues();
      for (int head = 0; head < 3; head++) {
        double[] sizes = sizes(whole, head);
        assertThat(Arrays.copyOfRange(sizes, 5, 8))
            .containsExactly(sizes(small, head), org.assertj.core.data.Offset.offset(ROUNDING));
        // The other five are zero, which rounding lifts to the root of float64's.
        assertThat(sizes[4]).isLessThan(1e-6);
      }
      assertThatThrownBy(() -> random(8, 3, 7, 4).eigenvalues())
          .isInstanceOf(CircuitException.class)
          .hasMessageContaining("from 8 to 7");
    }
  }

  private static double[] sizes(LinearAlgebra.Complex values, int head) {
    double[] sizes =
        values
            .real()
            .square()
            .plus(values.imaginary().square())
            .sqrt()
            .at("head", head)
            .toDoubles();
    Arrays.sort(sizes);
    return sizes;
  }

  @Test
  void rowsColumnsVectorsAndTheTransposeAreThoseOfTheProduct() {
    try (Scope _ = Scope.open()) {
      FactoredMatrix matrix = random(7, 3, 9, 5);
      Tensor whole = product(matrix);
      assertThat(largest(matrix.rows(2, 3).minus(whole.slice("from", 2, 3)))).isLessThan(ROUNDING);
      assertThat(largest(matrix.columns(4, 2).minus(whole.slice("to", 4, 2)))).isLessThan(ROUNDING);
      assertThat(largest(matrix.at("head", 1).rows(0, 7).minus(whole.at("head", 1))))
          .isLessThan(ROUNDING);
      Tensor vectors = gaussian(Shape.of("pos", 4, "from", 7), new Random(6));
      assertThat(largest(matrix.applied(vectors).minus(vectors.dot(whole, "from"))))
          .isLessThan(ROUNDING);
      assertThat(
              largest(
                  matrix
                      .transposed()
                      .times(matrix)
                      .rows(0, 9)
                      .minus(
                          whole.rename("to", "other").dot(whole, "from").rename("other", "from"))))
          .isLessThan(10 * ROUNDING);
    }
  }

  @Test
  void productsOfTwoKeepTheSmallerRank() {
    try (Scope _ = Scope.open()) {
      FactoredMatrix thin = random(7, 2, 6, 7);
      FactoredMatrix thick = random(6, 4, 7, 8);
      Tensor expected =
          product(thin).rename("to", "met").dot(product(thick).rename("from", "met"), "met");
      FactoredMatrix forth = thin.times(thick);
      assertThat(forth.rank()).isEqualTo(2);
      assertThat(largest(product(forth).minus(expected))).isLessThan(ROUNDING);
      FactoredMatrix back = thick.times(thin);
      assertThat(back.rank()).isEqualTo(2);
      Tensor other =
          product(thick).rename("to", "met").dot(product(thin).rename("from", "met"), "met");
      assertThat(largest(product(back).minus(other))).isLessThan(ROUNDING);
    }
  }

  @Test
  void aMapThatCopiesScoresOneAndOneThatTurnsAroundMinusOne() {
    try (Scope _ = Scope.open()) {
      Tensor half = gaussian(Shape.of("from", 6, "rank", 2), new Random(9));
      Tensor back = half.rename("from", "to");
      assertThat(new FactoredMatrix(half, back).copying().item()).isEqualTo(1);
      assertThat(new FactoredMatrix(half, back.times(-1)).copying().item()).isEqualTo(-1);
    }
  }
}
