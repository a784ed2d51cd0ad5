package dev.weir.geometry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.readout.Places;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import dev.weir.testing.PathwayModels;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Likeness and dimension of clouds whose likeness and dimension are known.
class GeometryTest {

  @Test
  void rotationScaleAndShiftLeaveTheLikenessAtOne() {
    try (Scope _ = Scope.open()) {
      Tensor x = gaussian(40, 8, 1);
      Tensor turned =
          x.dot(LinearAlgebra.orthogonal("d", "turned", 8, new SplittableRandom(2)), "d")
              .times(3)
              .plus(7);
      assertThat(Cka.linear(x, turned)).isCloseTo(1, within(1e-12));
      assertThat(Cka.unbiased(x, turned)).isCloseTo(1, within(1e-12));
    }
  }

  @Test
  void unrelatedPointsAreUnlikeOnlyWithoutTheBias() {
    double biased = 0;
    double unbiased = 0;
    try (Scope _ = Scope.open()) {
      for (int trial = 0; trial < 20; trial++) {
        Tensor x = gaussian(40, 60, 10 + trial);
        Tensor y = gaussian(40, 60, 100 + trial);
        biased += Cka.linear(x, y) / 20;
        unbiased += Cka.unbiased(x, y) / 20;
      }
    }
    assertThat(biased).isGreaterThan(0.5);
    // Each of the twenty deviates by about 0.03.
    assertThat(unbiased).isCloseTo(0, within(0.03));
  }

  @Test
  void aGaussianOfTenDimensionsInFiftyHasTen() {
    try (Scope _ = Scope.open()) {
      Tensor map = LinearAlgebra.orthogonal("d", "wide", 50, new SplittableRandom(3));
      Tensor points = gaussian(2000, 10, 4).dot(map.slice("d", 0, 10), "d");
      IntrinsicDimension dimension = IntrinsicDimension.of(points, 10);
      // TwoNN gave 9.89 on one such sample; its standard error is 10 / √2000 = 0.22, and it is a
      // little low at ten dimensions.
      assertThat(dimension.twoNn()).isCloseTo(9.9, within(0.7));
      // With k − 2 in place of k − 1 the last is low by 8/9.
      assertThat(dimension.mackayGhahramani()).isCloseTo(9.5 * 8 / 9, within(0.6));
    }
  }

  @Test
  void aCurledPlaneHasTwoAndCopiesChangeNothing() {
    SplittableRandom random = new SplittableRandom(5);
    double[] roll = new double[3 * 2000];
    for (int i = 0; i < 2000; i++) {
      double angle = 1.5 * Math.PI * (1 + 2 * random.nextDouble());
      roll[3 * i] = angle * Math.cos(angle);
      roll[3 * i + 1] = 21 * random.nextDouble();
      roll[3 * i + 2] = angle * Math.sin(angle);
    }
    try (Scope _ = Scope.open()) {
      Tensor points = Tensor.of(roll, Shape.of("point", 2000, "d", 3));
      IntrinsicDimension dimension = IntrinsicDimension.of(points, 10);
      // The standard error is 2 / √2000 = 0.045.
      assertThat(dimension.twoNn()).isCloseTo(2, within(0.18));
      assertThat(dimension.mackayGhahramani()).isCloseTo(2 * 8 / 9.0, within(0.1));
      IntrinsicDimension doubled =
          IntrinsicDimension.of(Tensor.concat("point", List.of(points, points)), 10);
      assertThat(doubled.points()).isEqualTo(2000);
      assertThat(doubled.twoNn()).isEqualTo(dimension.twoNn());
    }
  }

  @Test
  void cloudsThatCannotBeMeasuredAreRefused() {
    try (Scope _ = Scope.open()) {
      assertThatThrownBy(() -> IntrinsicDimension.of(gaussian(5, 3, 1), 10))
          .hasMessageContaining("at least 11");
      assertThatThrownBy(() -> IntrinsicDimension.of(gaussian(50, 3, 1), 2))
          .hasMessageContaining("2 neighbours");
      assertThatThrownBy(() -> Cka.linear(gaussian(5, 3, 1), gaussian(6, 3, 1)))
          .hasMessageContaining("5 points");
      assertThatThrownBy(() -> Cka.unbiased(gaussian(3, 3, 1), gaussian(3, 3, 1)))
          .hasMessageContaining("at least 4");
    }
  }

  @ParameterizedTest
  @MethodSource("dev.weir.testing.PathwayModels#names")
  void everyPathwayHasAShape(String name) {
    try (Transformer model = EveryModel.random(PathwayModels.spec(name), DType.FLOAT32);
        StreamTrace trace =
            model.trace(EveryModel.tokens(name), StreamShape.capture(Places.READINGS))) {
      StreamShape shape =
          new StreamShape(model.spec(), Places.READINGS, 100, 4, new SplittableRandom(0));
      assertThat(shape.similarity(0, 0)).isNaN();
      shape.read(trace);
      shape.read(trace);
      assertThat(shape.size()).isEqualTo(2 * (EveryModel.tokens(name).length - 1));
      assertThat(shape.similarity(1, 1)).isCloseTo(1, within(1e-9));
      assertThat(shape.layers().getLast().different()).isLessThan(shape.size());
    }
  }

  @Test
  void theSampleHoldsNoMoreThanWasAskedFor() {
    try (Transformer model =
            EveryModel.random(PathwayModels.spec("pathway/pre_norm/rms/mha"), DType.FLOAT32);
        StreamTrace trace =
            model.trace(new int[] {3, 1, 4, 1, 5}, StreamShape.capture(Places.LAYERS))) {
      StreamShape shape =
          new StreamShape(model.spec(), Places.LAYERS, 7, 3, new SplittableRandom(0));
      for (int i = 0; i < 10; i++) {
        shape.read(trace);
      }
      assertThat(shape.size()).isEqualTo(7);
    }
  }

  private static Tensor gaussian(int points, int d, long seed) {
    return Tensor.gaussian(Shape.of("point", points, "d", d), 1, new SplittableRandom(seed))
        .to(DType.FLOAT64);
  }
}
