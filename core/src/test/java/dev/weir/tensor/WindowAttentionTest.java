package dev.weir.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Attention in chunks beside attention under a mask over all keys.
class WindowAttentionTest {
  /// Double precision; sums of at most a few hundred terms in another order.
  private static final double FLOAT64 = 1e-12;

  private static final double SCALE = 0.3;

  private final SplittableRandom random = new SplittableRandom(5);

  @ParameterizedTest
  @CsvSource({"1, 49", "4, 64", "16, 49", "16, 128", "17, 60", "33, 100", "40, 257", "5, 7"})
  void itsMixAndItsDerivativesAreThoseUnderAMask(int window, int length) {
    try (Scope _ = Scope.open()) {
      List<Tensor> inputs = List.of(gaussian(length), gaussian(length), gaussian(length));
      WindowAttention chunks = new WindowAttention(window, length);
      Tensor visible = visible(window, length);
      List<Tensor> actual =
          mixAndDerivatives(inputs, x -> chunks.attend(x.get(0), x.get(1), x.get(2), SCALE));
      List<Tensor> expected =
          mixAndDerivatives(
              inputs, x -> Fused.maskedAttention(x.get(0), x.get(1), x.get(2), visible, SCALE));
      for (int i = 0; i < actual.size(); i++) {
        assertThat(actual.get(i).shape()).isEqualTo(expected.get(i).shape());
        assertThat(actual.get(i).toDoubles())
            .containsExactly(expected.get(i).toDoubles(), within(FLOAT64));
      }
    }
  }

  private interface Attending {
    Tensor mix(List<Tensor> queryKeyValue);
  }

  private static List<Tensor> mixAndDerivatives(List<Tensor> inputs, Attending attending) {
    List<Tensor> parameters = inputs.stream().map(Tensor::asParameter).toList();
    UnaryOperator<Tensor> ordered = x -> x.order("batch", "head", "pos", "d_head");
    Tensor mix = attending.mix(parameters.stream().map(ordered).toList());
    List<Tensor> derivatives =
        Gradients.of(mix.square().sum("batch", "head", "pos", "d_head"), parameters);
    return List.of(mix, derivatives.get(0), derivatives.get(1), derivatives.get(2));
  }

  @Test
  void itPaysWhereAMaskWouldHideMostKeys() {
    assertThat(WindowAttention.pays(16, 48)).isFalse();
    assertThat(WindowAttention.pays(4, 48)).isFalse();
    assertThat(WindowAttention.pays(4, 49)).isTrue();
    assertThat(WindowAttention.pays(256, 768)).isFalse();
    assertThat(WindowAttention.pays(256, 1000)).isTrue();
  }

  /// `[query_pos, key_pos]`.
  private static Tensor visible(int window, int length) {
    Tensor query = Tensor.range(0, new Axis("query_pos", length));
    Tensor key = Tensor.range(0, new Axis("key_pos", length));
    Tensor age = query.minus(key);
    return age.times(-1).atMost(0).and(age.atMost(window - 1));
  }

  /// In the memory order of a projection's image, `[batch, pos, head, d_head]`.
  private Tensor gaussian(int length) {
    Shape shape = Shape.of("batch", 2, "pos", length, "d_head", 12);
    return Tensor.gaussian(shape, 1, random)
        .to(DType.FLOAT64)
        .split("d_head", new Axis("head", 3), new Axis("d_head", 4));
  }
}
