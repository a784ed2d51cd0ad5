package dev.weir.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.function.BinaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Each fused step against its readable twin, composed from plain operations, at awkward sizes.
class FusedTest {
  /// Float64 on both sides; only the order of summation differs.
  private static final double FLOAT64 = 1e-12;

  /// Float32: 24 bits, and sums of up to 769 terms near 1.
  private static final double FLOAT32 = 1e-5;

  private Scope scope;

  @BeforeEach
  void open() {
    scope = Scope.open();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 8, 9, 63, 64, 65, 257, 769})
  void layerNormAgreesWithItsTwin(int dModel) {
    Tensor x = Grid.gaussian(Shape.of("batch", 2, "pos", 3, "d_model", dModel), 1).tensor();
    Tensor weight = Grid.gaussian(Shape.of("d_model", dModel), 2).tensor();
    Tensor bias = Grid.gaussian(Shape.of("d_model", dModel), 3).tensor();
    assertLayerNorm(x, weight, bias, DType.FLOAT64, FLOAT64);
    assertLayerNorm(x, weight, bias, DType.FLOAT32, FLOAT32);
    // Of a view whose rows do not lie side by side, too.
    Tensor turned = x.order("pos", "batch", "d_model");
    assertLayerNorm(turned, weight, bias, DType.FLOAT64, FLOAT64);
  }

  private static void assertLayerNorm(
      Tensor x, Tensor weight, Tensor bias, DType dtype, double tolerance) {
    double epsilon = 1e-5;
    Tensor fused = Fused.layerNorm(x.to(dtype), weight.to(dtype), bias.to(dtype), epsilon);
    Tensor centred = x.minus(x.mean("d_model"));
    Tensor scale = centred.square().mean("d_model").plus(epsilon).sqrt();
    Tensor twin = centred.dividedBy(scale).times(weight).plus(bias);
    assertThat(fused.shape()).isEqualTo(x.shape());
    assertThat(fused.toDoubles()).containsExactly(twin.toDoubles(), within(tolerance));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 8, 9, 63, 64, 65, 257, 769})
  void rmsNormAgreesWithItsTwin(int dModel) {
    Tensor x = Grid.gaussian(Shape.of("batch", 2, "pos", 3, "d_model", dModel), 1).tensor();
    Tensor weight = Grid.gaussian(Shape.of("d_model", dModel), 2).tensor();
    assertRmsNorm(x, weight, DType.FLOAT64, FLOAT64);
    assertRmsNorm(x, weight, DType.FLOAT32, FLOAT32);
    // Of a view whose rows do not lie side by side, too.
    assertRmsNorm(x.order("pos", "batch", "d_model"), weight, DType.FLOAT64, FLOAT64);
  }

  private static void assertRmsNorm(Tensor x, Tensor weight, DType dtype, double tolerance) {
    double epsilon = 1e-5;
    Tensor fused = Fused.rmsNorm(x.to(dtype), weight.to(dtype), epsilon);
    Tensor scale = x.square().mean("d_model").plus(epsilon).sqrt();
    Tensor twin = x.dividedBy(scale).times(weight);
    assertThat(fused.shape()).isEqualTo(x.shape());
    assertThat(fused.toDoubles()).containsExactly(twin.toDoubles(), within(tolerance));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 3", "3, 8", "7, 5", "17, 64", "33, 9"})
  void attentionAgreesWithItsTwin(int length, int dHead) {
    Tensor query = heads("query_pos", length, dHead, 1);
    Tensor key = heads("key_pos", length, dHead, 2);
    Tensor value = heads("key_pos", length, dHead, 3);
    double scale = 0.3;
    Tensor causal = causal(length, length);
    Tensor everything = causal.or(fromTheQueryOn(length));

    assertSame(
        Fused.causalAttention(query, key, value, scale), twin(query, key, value, causal, scale));
    assertSame(
        Fused.maskedAttention(query, key, value, causal, scale),
        twin(query, key, value, causal, scale));
    assertSame(
        Fused.fullAttention(query, key, value, scale), twin(query, key, value, everything, scale));
  }

  @ParameterizedTest
  @CsvSource({"1, 5, 4", "3, 7, 8", "2, 33, 5"})
  void maskedAttentionOfAFewNewQueriesAgreesWithItsTwin(int queries, int keys, int dHead) {
    Tensor query = heads("query_pos", queries, dHead, 1);
    Tensor key = heads("key_pos", keys, dHead, 2);
    Tensor value = heads("key_pos", keys, dHead, 3);
    Tensor visible = causal(queries, keys);
    assertSame(
        Fused.maskedAttention(query, key, value, visible, 0.5),
        twin(query, key, value, visible, 0.5));
    Tensor each = visible.repeat(new Axis("batch", 2));
    assertSame(
        Fused.maskedAttention(query, key, value, each, 0.5), twin(query, key, value, visible, 0.5));
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1, 1", "2, 3, 2, 3", "3, 9, 4, 8", "1, 33, 5, 17", "2, 64, 3, 65"})
  void convolutionAndItsDerivativesAgreeWithTheirTwins(int batch, int length, int taps, int width) {
    Axis head = new Axis("head", 2);
    Axis dHead = new Axis("d_head", width);
    Shape padded =
        Shape.of(new Axis("batch", batch), new Axis("pos", length + taps - 1), head, dHead);
    Tensor x = Grid.gaussian(padded, 1).tensor();
    Tensor weights = Grid.gaussian(Shape.of(new Axis("tap", taps), dHead, head), 2).tensor();
    for (DType dtype : List.of(DType.FLOAT64, DType.FLOAT32)) {
      double tolerance = dtype == DType.FLOAT64 ? FLOAT64 : FLOAT32;
      assertThat(Fused.convolution(x.to(dtype), weights.to(dtype)).toDoubles())
          .containsExactly(twin(x, weights).toDoubles(), within(tolerance));
      // Each derivative is a sum over as many numbers as the shapes say.
      double summed = tolerance * batch * length;
      List<Tensor> fused = derivatives(x.to(dtype), weights.to(dtype), Fused::convolution);
      List<Tensor> twins = derivatives(x, weights, FusedTest::twin);
      for (int i = 0; i < 2; i++) {
        assertThat(fused.get(i).toDoubles())
            .containsExactly(twins.get(i).toDoubles(), within(summed));
      }
    }
  }

  private static List<Tensor> derivatives(
      Tensor x, Tensor weights, BinaryOperator<Tensor> convolution) {
    List<Tensor> parameters = List.of(x.asParameter(), weights.asParameter());
    Tensor y = convolution.apply(parameters.getFirst(), parameters.getLast());
    return Gradients.of(y.square().sum("batch", "pos", "head", "d_head"), parameters);
  }

  private static Tensor twin(Tensor x, Tensor weights) {
    long length = x.size("pos") - weights.size("tap") + 1;
    Tensor sum = x.slice("pos", 0, length).times(weights.at("tap", 0));
    for (long tap = 1; tap < weights.size("tap"); tap++) {
      sum = sum.plus(x.slice("pos", tap, length).times(weights.at("tap", tap)));
    }
    return sum;
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 2", "2, 3, 5", "3, 7, 65", "1, 65, 257"})
  void weightedCrossEntropyAgreesWithItsTwin(int batch, int pos, int dVocab) {
    Shape predictions = Shape.of("batch", batch, "pos", pos);
    Tensor logits =
        Grid.gaussian(Shape.of("batch", batch, "pos", pos, "d_vocab", dVocab), 1).tensor();
    long[] right = new long[batch * pos];
    float[] heavy = new float[batch * pos];
    for (int i = 0; i < right.length; i++) {
      right[i] = 7L * i % dVocab;
      heavy[i] = i % 3;
    }
    heavy[0] = 0.5f;
    Tensor targets = Tensor.of(right, predictions);
    Tensor weights = Tensor.of(heavy, predictions);
    assertWeighted(logits, targets, weights, DType.FLOAT64, FLOAT64);
    assertWeighted(logits, targets, weights, DType.FLOAT32, FLOAT32);
    Tensor even = Tensor.zeros(predictions, DType.FLOAT32).plus(2);
    assertThat(Fused.crossEntropy(logits, targets, even).item())
        .as("weights that are all alike change nothing")
        .isCloseTo(Fused.crossEntropy(logits, targets).item(), within(FLOAT64));
  }

  private static void assertWeighted(
      Tensor logits, Tensor targets, Tensor weights, DType dtype, double tolerance) {
    Tensor fused = Fused.crossEntropy(logits.to(dtype), targets, weights);
    Tensor each = logits.logSumExp("d_vocab").minus(logits.pick("d_vocab", targets));
    Tensor heavy = weights.to(DType.FLOAT64);
    Tensor twin = each.times(heavy).sum("batch", "pos").dividedBy(heavy.sum("batch", "pos"));
    assertThat(fused.dtype()).isEqualTo(dtype);
    assertThat(fused.item()).isCloseTo(twin.item(), within(tolerance));
  }

  private static Tensor heads(String pos, int length, int dHead, long seed) {
    return Grid.gaussian(
            Shape.of(
                new Axis("batch", 2),
                new Axis("head", 3),
                new Axis(pos, length),
                new Axis("d_head", dHead)),
            seed)
        .tensor();
  }

  /// The last query stands where the last key stands.
  private static Tensor causal(int queries, int keys) {
    Tensor keyPos = Tensor.range(0, new Axis("key_pos", keys));
    Tensor queryPos = Tensor.range(keys - queries, new Axis("query_pos", queries));
    return queryPos.times(-1).plus(keyPos).atMost(0);
  }

  private static Tensor fromTheQueryOn(int length) {
    Tensor keyPos = Tensor.range(0, new Axis("key_pos", length));
    Tensor queryPos = Tensor.range(0, new Axis("query_pos", length));
    return queryPos.minus(keyPos).atMost(0);
  }

  private static Tensor twin(Tensor query, Tensor key, Tensor value, Tensor visible, double scale) {
    Tensor scores = query.dot(key, "d_head").times(scale).where(visible, Double.NEGATIVE_INFINITY);
    return scores
        .softmax("key_pos")
        .dot(value, "key_pos")
        .order("batch", "head", "query_pos", "d_head");
  }

  private static void assertSame(Tensor fused, Tensor twin) {
    assertThat(fused.shape()).isEqualTo(twin.shape());
    assertThat(fused.toDoubles()).containsExactly(twin.toDoubles(), within(FLOAT64));
  }
}
