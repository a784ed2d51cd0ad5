package dev.weir.readout.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.readout.probe.FourierCircles.Circle;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FourierCirclesTest {

  /// A circle of radius 2 at frequency 3, an ellipse of half axes 1 and 0.5 at frequency 5, and a
  /// center that is no part of either.
  private static FourierCircles planted(int n) {
    double[] vectors = new double[n * 5];
    for (int a = 0; a < n; a++) {
      double turn = 2 * Math.PI * a / n;
      vectors[a * 5] = 2 * Math.cos(3 * turn) + 7;
      vectors[a * 5 + 1] = 2 * Math.sin(3 * turn);
      vectors[a * 5 + 2] = Math.cos(5 * turn);
      vectors[a * 5 + 3] = 0.5 * Math.sin(5 * turn);
    }
    try (Scope _ = Scope.open()) {
      return FourierCircles.of(Tensor.of(vectors, Shape.of("member", n, "feature", 5)));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {13, 24})
  void findsThePlantedCircleAndEllipseAndNothingElse(int n) {
    FourierCircles found = planted(n);
    assertThat(found.holding(1e-12)).hasSize(2);
    Circle circle = found.circles().getFirst();
    assertThat(circle.frequency()).isEqualTo(3);
    // Power goes with the sum of the squared half axes: 8 and 1.25.
    assertThat(circle.share()).isCloseTo(8 / 9.25, within(1e-12));
    assertThat(circle.cosRadius()).isCloseTo(2, within(1e-12));
    assertThat(circle.sinRadius()).isCloseTo(2, within(1e-12));
    assertThat(circle.cosine()).isCloseTo(0, within(1e-12));
    assertThat(circle.roundness()).isCloseTo(1, within(1e-12));
    assertThat(circle.purity()).isCloseTo(1, within(1e-12));
    Circle ellipse = found.circles().get(1);
    assertThat(ellipse.frequency()).isEqualTo(5);
    assertThat(ellipse.roundness()).isCloseTo(0.5, within(1e-12));
    assertThat(found.circularity()).isCloseTo(1, within(1e-12));
    assertThat(found.componentFrequencies()).containsExactly(3, 3, 5, 5);
  }

  @Test
  void refusesTwoPoints() {
    assertThatExceptionOfType(ProbeException.class).isThrownBy(() -> planted(2));
  }
}
