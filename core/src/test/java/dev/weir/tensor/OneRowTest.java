package dev.weir.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The products as the engine does them, beside sums written out.
class OneRowTest {
  private static final int IN = 5;
  private static final int HEADS = 2;
  private static final int D_HEAD = 3;
  private final SplittableRandom random = new SplittableRandom(4);

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void isTheSumWrittenOutForOneRowAndForMany(int rows) {
    try (Scope _ = Scope.open()) {
      Tensor x = gaussian(Shape.of("pos", rows, "d_model", IN));
      Tensor bias = gaussian(Shape.of("head", HEADS, "d_head", D_HEAD));
      Tensor inFirst = gaussian(Shape.of("d_model", IN, "head", HEADS, "d_head", D_HEAD));
      Tensor inLast = inFirst.order("head", "d_head", "d_model").copy();
      Tensor ordered = inFirst.order("head", "d_head", "d_model");
      Tensor slice =
          gaussian(Shape.of("d_model", IN, "head", HEADS + 4, "d_head", D_HEAD))
              .slice("head", 1, HEADS);
      for (Tensor weight : List.of(inFirst, inLast, ordered, slice)) {
        assertSame(x.dot(weight, "d_model"), writtenOut(x, weight, zeros(bias)));
        assertSame(x.dotPlus(weight, bias, "d_model"), writtenOut(x, weight, bias));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void slicesOfOneTensorGiveTogetherWhatTheyGiveAlone(int rows) {
    try (Scope _ = Scope.open()) {
      Tensor x = gaussian(Shape.of("pos", rows, "d_model", IN));
      Axis three = new Axis("three", 3);
      Axis head = new Axis("head", HEADS);
      Axis dHead = new Axis("d_head", D_HEAD);
      Tensor qkv = gaussian(Shape.of(new Axis("d_model", IN), three, head, dHead));
      Tensor bias = gaussian(Shape.of(three, head, dHead));
      List<Tensor> weights = slices(qkv);
      Tensor together =
          x.dotPlus(
              Tensor.stackInPlace("part", weights).orElseThrow(),
              Tensor.stackInPlace("part", slices(bias)).orElseThrow(),
              "d_model");
      for (int i = 0; i < 3; i++) {
        assertSame(
            together.at("part", i), writtenOut(x, weights.get(i), bias.at("three", i)).toDoubles());
      }
    }
  }

  @Test
  void stacksNothingThatLiesApart() {
    try (Scope _ = Scope.open()) {
      Tensor whole = gaussian(Shape.of("three", 4, "d_head", D_HEAD));
      Tensor first = whole.at("three", 0);
      assertThat(Tensor.stackInPlace("part", List.of(first, whole.at("three", 1).copy())))
          .isEmpty();
      assertThat(Tensor.stackInPlace("part", List.of(first, first))).isEmpty();
      assertThat(
              Tensor.stackInPlace(
                  "part", List.of(first, whole.at("three", 1), whole.at("three", 3))))
          .isEmpty();
      assertThat(Tensor.stackInPlace("part", slices(whole.asParameter()))).isEmpty();
    }
  }

  private static List<Tensor> slices(Tensor tensor) {
    List<Tensor> slices = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      slices.add(tensor.at("three", i));
    }
    return slices;
  }

  /// `[pos, head, d_head]`, term by term.
  private static Tensor writtenOut(Tensor x, Tensor weight, Tensor bias) {
    double[] in = x.toDoubles();
    double[] w = weight.order("d_model", "head", "d_head").toDoubles();
    double[] b = bias.toDoubles();
    int rows = (int) x.size("pos");
    double[] out = new double[rows * b.length];
    for (int row = 0; row < rows; row++) {
      for (int o = 0; o < b.length; o++) {
        double sum = b[o];
        for (int i = 0; i < IN; i++) {
          sum += in[row * IN + i] * w[i * b.length + o];
        }
        out[row * b.length + o] = sum;
      }
    }
    return Tensor.of(
        out,
        Shape.of(
            new Axis("pos", rows), weight.shape().axis("head"), weight.shape().axis("d_head")));
  }

  private static Tensor zeros(Tensor like) {
    return Tensor.zeros(like.shape(), like.dtype());
  }

  private static void assertSame(Tensor actual, Tensor expected) {
    assertThat(actual.shape()).isEqualTo(expected.shape());
    assertSame(actual, expected.toDoubles());
  }

  /// Five terms near 1 in double precision: the order of adding changes the last digits only.
  private static void assertSame(Tensor actual, double[] expected) {
    assertThat(actual.toDoubles()).containsExactly(expected, within(1e-12));
  }

  private Tensor gaussian(Shape shape) {
    return Tensor.gaussian(shape, 1, random).to(DType.FLOAT64);
  }
}
