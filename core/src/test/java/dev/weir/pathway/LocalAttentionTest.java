package dev.weir.pathway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.testing.Golden;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// One operator, whichever axis it is read along.
class LocalAttentionTest {
  private static final int LAYERS = 7;
  private static final int POSITIONS = 9;
  private static final int WIDTH = 8;

  private final SplittableRandom random = new SplittableRandom(4);

  private Tensor gaussian(Shape shape) {
    return Tensor.gaussian(shape, 1, random);
  }

  private LocalAttention attention(int window) {
    Axis dModel = new Axis("d_model", WIDTH);
    return new LocalAttention(
        gaussian(Shape.of(dModel, new Axis("d_key", 5))),
        gaussian(Shape.of(dModel, new Axis("d_key", 5))),
        gaussian(Shape.of(dModel, new Axis("d_value", 6))),
        window);
  }

  /// The states of all layers at all positions, `[layer, pos, d_model]`.
  private Tensor trajectory() {
    return gaussian(
        Shape.of(
            new Axis("layer", LAYERS), new Axis("pos", POSITIONS), new Axis("d_model", WIDTH)));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 100})
  void alongDepthItIsAlongTheSequenceOfTheTransposeBitForBit(int window) {
    try (Scope _ = Scope.open()) {
      LocalAttention attention = attention(window);
      Tensor states = trajectory();
      Tensor alongDepth = attention.along(states.order("pos", "layer", "d_model").copy(), "layer");

      // The same numbers with the axes' names exchanged: positions are now layers.
      Tensor transposed =
          states
              .order("pos", "layer", "d_model")
              .copy()
              .rename("pos", "row")
              .rename("layer", "pos")
              .rename("row", "layer");
      Tensor alongSequence = attention.along(transposed, "pos");

      assertThat(alongDepth.order("pos", "layer", "d_value").toDoubles())
          .isEqualTo(alongSequence.order("layer", "pos", "d_value").toDoubles());
    }
  }

  @Test
  void aWindowOfOneIsTheValueMap() {
    try (Scope _ = Scope.open()) {
      LocalAttention attention = attention(1);
      Tensor x = trajectory();
      Tensor mapped = x.dot(attention.value(), "d_model");
      assertThat(
              Golden.largestDifference(attention.along(x, "layer").toDoubles(), mapped.toDoubles()))
          .isLessThan(1e-6);
    }
  }

  /// Against attention written out for one query at a time.
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 7, 50})
  void itIsTheSoftmaxWrittenOut(int window) {
    try (Scope _ = Scope.open()) {
      LocalAttention attention = attention(window);
      Tensor x = trajectory();
      double[][][] q = cube(x.dot(attention.query(), "d_model"));
      double[][][] k = cube(x.dot(attention.key(), "d_model"));
      double[][][] v = cube(x.dot(attention.value(), "d_model"));
      double[][][] z = cube(attention.along(x, "layer"));
      for (int layer = 0; layer < LAYERS; layer++) {
        for (int pos = 0; pos < POSITIONS; pos++) {
          double[] expected = read(q, k, v, layer, pos, window);
          for (int i = 0; i < expected.length; i++) {
            // Float32 sums of at most seven terms.
            assertThat(z[layer][pos][i]).isCloseTo(expected[i], within(1e-5));
          }
        }
      }
    }
  }

  private static double[] read(
      double[][][] q, double[][][] k, double[][][] v, int layer, int pos, int window) {
    double[] sum = new double[v[0][0].length];
    double normaliser = 0;
    for (int from = Math.max(0, layer - window + 1); from <= layer; from++) {
      double score = 0;
      for (int i = 0; i < q[0][0].length; i++) {
        score += q[layer][pos][i] * k[from][pos][i];
      }
      double weight = Math.exp(score / Math.sqrt(q[0][0].length));
      normaliser += weight;
      for (int i = 0; i < sum.length; i++) {
        sum[i] += weight * v[from][pos][i];
      }
    }
    for (int i = 0; i < sum.length; i++) {
      sum[i] /= normaliser;
    }
    return sum;
  }

  /// Rows, columns and depth of a tensor of three axes in the order they lie.
  private static double[][][] cube(Tensor tensor) {
    long[] sizes = tensor.shape().sizes();
    double[] flat = tensor.toDoubles();
    double[][][] cube = new double[(int) sizes[0]][(int) sizes[1]][(int) sizes[2]];
    for (int i = 0; i < flat.length; i++) {
      int inner = (int) (i % sizes[2]);
      int middle = (int) (i / sizes[2] % sizes[1]);
      cube[(int) (i / sizes[2] / sizes[1])][middle][inner] = flat[i];
    }
    return cube;
  }

  @Test
  void aWindowAsLongAsTheListIsFullCausalAttention() {
    try (Scope _ = Scope.open()) {
      LocalAttention full = attention(1000);
      LocalAttention exact = new LocalAttention(full.query(), full.key(), full.value(), LAYERS);
      Tensor x = trajectory();
      assertThat(exact.along(x, "layer").toDoubles()).isEqualTo(full.along(x, "layer").toDoubles());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void whatLiesLaterOrBeforeTheWindowChangesNothing(int window) {
    try (Scope _ = Scope.open()) {
      LocalAttention attention = attention(window);
      Tensor x = trajectory();
      int changed = 3;
      Tensor other = withLayer(x, changed, gaussian(x.at("layer", 0).shape()));
      Tensor before = attention.along(x, "layer");
      Tensor after = attention.along(other, "layer");
      for (int layer = 0; layer < LAYERS; layer++) {
        double[] was = before.at("layer", layer).toDoubles();
        double[] is = after.at("layer", layer).toDoubles();
        if (layer < changed || layer >= changed + window) {
          assertThat(is).as("layer %d", layer).isEqualTo(was);
        } else {
          assertThat(is).as("layer %d", layer).isNotEqualTo(was);
        }
      }
    }
  }

  private static Tensor withLayer(Tensor x, int layer, Tensor row) {
    List<Tensor> layers = new ArrayList<>();
    for (int i = 0; i < x.size("layer"); i++) {
      layers.add(i == layer ? row : x.at("layer", i));
    }
    return Tensor.stack("layer", layers);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 100})
  void oneByOneAlongAGrowingListItIsTheWholeReadAtOnce(int window) {
    try (Scope _ = Scope.open()) {
      LocalAttention attention = attention(window);
      Tensor x = trajectory().to(DType.FLOAT32);
      Tensor whole = attention.along(x, "layer");
      List<Tensor> list = new ArrayList<>();
      for (int layer = 0; layer < LAYERS; layer++) {
        list.add(x.at("layer", layer));
        Tensor streamed = attention.newest(list.getLast(), list);
        // Float32: the same sums in another order.
        assertThat(
                Golden.largestDifference(
                    streamed.toDoubles(), whole.at("layer", layer).toDoubles()))
            .isLessThan(1e-5);
      }
    }
  }
}
