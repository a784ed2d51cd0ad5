package dev.weir.pathway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// What Sinkhorn-Knopp makes of any matrix (arXiv:2512.24880, section 4.2).
class ManifoldHyperConnectionsTest {
  private static final int LANES = 4;

  private static Tensor mixing(SplittableRandom random, double deviation) {
    Shape shape = Shape.of(new Axis("pos", 50), new Axis("lane", LANES), new Axis("to", LANES));
    return ManifoldHyperConnections.sinkhorn(Tensor.gaussian(shape, deviation, random), 20);
  }

  @Test
  void rowsAndColumnsSumToOne() {
    try (Scope _ = Scope.open()) {
      Tensor mixing = mixing(new SplittableRandom(1), 1);
      // The paper's own tolerance after 20 rounds.
      for (String axis : new String[] {"lane", "to"}) {
        for (double sum : mixing.sum(axis).toDoubles()) {
          assertThat(sum).isCloseTo(1, within(1e-3));
        }
      }
      assertThat(mixing.times(-1).max("pos", "lane", "to").item()).isLessThanOrEqualTo(0);
    }
  }

  /// Products of doubly stochastic matrices are doubly stochastic: no depth enlarges the lanes.
  @Test
  void theGainOfManyOfThemIsBounded() {
    try (Scope _ = Scope.open()) {
      SplittableRandom random = new SplittableRandom(2);
      double[] lanes = {1, -2, 0.5, 3};
      double largest = 3;
      for (int layer = 0; layer < 100; layer++) {
        double[] mixing = mixing(random, 1).at("pos", 0).toDoubles();
        double[] next = new double[LANES];
        for (int to = 0; to < LANES; to++) {
          for (int from = 0; from < LANES; from++) {
            next[to] += mixing[from * LANES + to] * lanes[from];
          }
        }
        lanes = next;
        for (double lane : lanes) {
          assertThat(Math.abs(lane)).isLessThan(largest * (1 + 1e-3));
        }
      }
    }
  }

  @Test
  void equalScoresMixEqually() {
    try (Scope _ = Scope.open()) {
      Tensor zero =
          Tensor.zeros(
              Shape.of(new Axis("lane", LANES), new Axis("to", LANES)),
              dev.weir.tensor.DType.FLOAT64);
      for (double share : ManifoldHyperConnections.sinkhorn(zero, 1).toDoubles()) {
        assertThat(share).isCloseTo(0.25, within(1e-12));
      }
    }
  }
}
