package dev.weir.pathway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.stream.Site;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The spectrum of one delta write, `A = I − β k kᵀ`, with direction, gate and target given (Zhang
/// 2026, arXiv:2601.00417, section 3).
class DeepDeltaTest {
  private static final int WIDTH = 6;
  private static final Axis D_MODEL = new Axis("d_model", WIDTH);
  private static final double EXACT = 1e-12;

  private final SplittableRandom random = new SplittableRandom(8);
  private final Depth depth = Depth.of(1, WIDTH);
  private final Site site = Site.attention(0);

  private ResidualPathway<?> pathway(int channels) {
    DeepDelta spec =
        channels == 1
            ? DeepDelta.scalar(1)
            : DeepDelta.expanded(
                DeepDelta.Compressor.CHANNEL, DeepDelta.EmbeddingChannels.REPEATED);
    return spec.over(
        depth,
        _ -> {
          throw new IllegalStateException("a write with given routing needs no weights");
        });
  }

  private double[] direction() {
    double[] k = random.doubles(WIDTH, -1, 1).toArray();
    double length = Math.sqrt(java.util.Arrays.stream(k).map(x -> x * x).sum());
    return java.util.Arrays.stream(k).map(x -> x / length).toArray();
  }

  private static Tensor vector(double... values) {
    return Tensor.of(values, Shape.of(D_MODEL));
  }

  private Routing routing(double[] k, double beta, double v) {
    Tensor channel = Tensor.of(new double[] {beta * v}, Shape.of(new Axis("channel", 1)));
    return new Routing(
        Map.of(
            "k", vector(k),
            "beta", Tensor.of(new double[] {beta}, Shape.of()),
            "gain", channel));
  }

  /// What becomes of a stream when a sublayer whose output is `k` itself writes.
  private double[] written(double[] stream, double[] k, double beta, double v) {
    return written(pathway(1), stream, k, beta, v);
  }

  private <S> double[] written(
      ResidualPathway<S> over, double[] stream, double[] k, double beta, double v) {
    S state = over.open(vector(stream), Past.none());
    S after = over.write(state, site, routing(k, beta, v), vector(k));
    return over.read(after, Site.unembed(), Routing.none(), Past.none()).single().toDoubles();
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.3, 1, 1.7, 2})
  void erasesItsDirectionByTheGateAndNothingElse(double beta) {
    try (Scope _ = Scope.open()) {
      double[] k = direction();
      double[] along = written(k, k, beta, 0);
      double[] other = direction();
      double overlap = dot(other, k);
      double[] across = new double[WIDTH];
      for (int i = 0; i < WIDTH; i++) {
        across[i] = other[i] - overlap * k[i];
      }
      double[] kept = written(across, k, beta, 0);
      for (int i = 0; i < WIDTH; i++) {
        assertThat(along[i]).isCloseTo((1 - beta) * k[i], within(EXACT));
        assertThat(kept[i]).isCloseTo(across[i], within(EXACT));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.3, 1, 1.7, 2})
  void itsDeterminantIsOneLessTheGateAndItIsSymmetric(double beta) {
    try (Scope _ = Scope.open()) {
      double[] k = direction();
      double[][] a = new double[WIDTH][];
      for (int i = 0; i < WIDTH; i++) {
        double[] unit = new double[WIDTH];
        unit[i] = 1;
        a[i] = written(unit, k, beta, 0);
      }
      for (int i = 0; i < WIDTH; i++) {
        for (int j = 0; j < WIDTH; j++) {
          assertThat(a[i][j]).isCloseTo(a[j][i], within(EXACT));
        }
      }
      assertThat(determinant(a)).isCloseTo(1 - beta, within(1e-10));
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.3, 1, 1.7, 2})
  void theReadoutErrorShrinksByOneLessTheGate(double beta) {
    try (Scope _ = Scope.open()) {
      double[] k = direction();
      double[] x = random.doubles(WIDTH, -3, 3).toArray();
      double target = 1.3;
      double before = dot(k, x) - target;
      double after = dot(k, written(x, k, beta, target)) - target;
      assertThat(after).isCloseTo((1 - beta) * before, within(EXACT));
    }
  }

  @Test
  void aGateOfTwoReflects() {
    try (Scope _ = Scope.open()) {
      double[] k = direction();
      double[] x = random.doubles(WIDTH, -3, 3).toArray();
      double[] twice = written(written(x, k, 2, 0), k, 2, 0);
      for (int i = 0; i < WIDTH; i++) {
        assertThat(twice[i]).isCloseTo(x[i], within(EXACT));
      }
    }
  }

  /// The published update, `x + β (v − kᵀx) k`, from a sublayer's output of any length.
  @Test
  void aRunWritesWhatTheEquationSays() {
    try (Scope _ = Scope.open()) {
      double[] x = random.doubles(WIDTH, -3, 3).toArray();
      double[] out = random.doubles(WIDTH, -5, 5).toArray();
      double[] normed = random.doubles(WIDTH, -1, 1).toArray();
      double[] wV = random.doubles(WIDTH, -1, 1).toArray();
      double[] wBeta = random.doubles(WIDTH, -1, 1).toArray();
      double bias = 0.4;
      Map<String, Tensor> weights =
          Map.of(
              "blocks.0.attn_path.W_v",
              Tensor.of(wV, Shape.of(D_MODEL, new Axis("channel", 1))),
              "blocks.0.attn_path.W_beta",
              vector(wBeta),
              "blocks.0.attn_path.b_beta",
              Tensor.of(new double[] {bias}, Shape.of()));
      double[] after =
          passed(
              DeepDelta.scalar(1).over(depth, name -> Objects.requireNonNull(weights.get(name))),
              vector(x),
              vector(normed),
              vector(out));

      double length = Math.sqrt(dot(out, out) + 1e-10);
      double beta = 2 / (1 + Math.exp(-(dot(wBeta, normed) + bias)));
      double v = dot(wV, normed);
      double along = dot(out, x) / length;
      for (int i = 0; i < WIDTH; i++) {
        double expected = x[i] + beta * (v - along) * out[i] / length;
        assertThat(after[i]).isCloseTo(expected, within(EXACT));
      }
    }
  }

  private <S> double[] passed(ResidualPathway<S> over, Tensor stream, Tensor normed, Tensor out) {
    S state = over.open(stream, Past.none());
    Passage passage = new Passage(new Reading.One(stream), normed, out);
    Routing routing = over.routeWrite(state, site, Routing.none(), passage);
    S after = over.write(state, site, routing, out);
    return over.read(after, Site.unembed(), Routing.none(), Past.none())
        .single()
        .to(DType.FLOAT64)
        .toDoubles();
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  /// By elimination.
  private static double determinant(double[][] matrix) {
    double[][] m = java.util.Arrays.stream(matrix).map(double[]::clone).toArray(double[][]::new);
    double product = 1;
    for (int i = 0; i < m.length; i++) {
      int pivot = i;
      for (int row : List.of(i, m.length - 1)) {
        pivot = Math.abs(m[row][i]) > Math.abs(m[pivot][i]) ? row : pivot;
      }
      if (pivot != i) {
        double[] swap = m[i];
        m[i] = m[pivot];
        m[pivot] = swap;
        product = -product;
      }
      product *= m[i][i];
      for (int row = i + 1; row < m.length && m[i][i] != 0; row++) {
        double factor = m[row][i] / m[i][i];
        for (int column = i; column < m.length; column++) {
          m[row][column] -= factor * m[i][column];
        }
      }
    }
    return product;
  }
}
