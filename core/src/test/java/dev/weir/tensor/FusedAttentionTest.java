package dev.weir.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The fused kernel beside the same attention in single steps.
class FusedAttentionTest {
  private final SplittableRandom random = new SplittableRandom(5);

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 9", "7, 7", "70, 70"})
  void isSoftmaxAttentionInSingleSteps(int queries, int keys) {
    try (Scope _ = Scope.open()) {
      Tensor q = gaussian("pos", queries);
      Tensor k = gaussian("key_pos", keys);
      Tensor v = gaussian("key_pos", keys);
      Tensor scores = q.times(0.3).dot(k, "d_head");
      Tensor fused = Fused.fullAttention(q, k, v, 0.3);
      assertSame(fused, scores.softmax("key_pos").dot(v, "key_pos"));
      if (queries == keys) {
        Tensor later =
            Tensor.range(0, new Axis("key_pos", keys))
                .atMost(Tensor.range(0, new Axis("pos", keys)));
        Tensor masked = scores.where(later, Double.NEGATIVE_INFINITY);
        assertSame(
            Fused.causalAttention(q, k, v, 0.3), masked.softmax("key_pos").dot(v, "key_pos"));
      }
    }
  }

  /// Softmax weights in double precision: a dozen roundings.
  private static void assertSame(Tensor actual, Tensor expected) {
    assertThat(actual.toDoubles())
        .containsExactly(
            expected.order("batch", "head", "pos", "d_head").toDoubles(), within(1e-12));
  }

  /// `[batch, head, .., d_head]`, in the memory order of a projection's image.
  private Tensor gaussian(String axis, long length) {
    Shape shape =
        Shape.of(
            new Axis("batch", 2),
            new Axis(axis, length),
            new Axis("head", 3),
            new Axis("d_head", 4));
    return Tensor.gaussian(shape, 1, random)
        .to(DType.FLOAT64)
        .order("batch", "head", axis, "d_head");
  }
}
