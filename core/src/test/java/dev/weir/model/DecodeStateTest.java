package dev.weir.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What the cost of a model says decoding remembers is what its cache really keeps, to the last
/// number.
class DecodeStateTest {
  private static final int PROMPT = 6;
  private static final int STEPS = 5;

  /// Eleven tokens: every window and every convolution of these models is shorter.
  @ParameterizedTest
  @MethodSource("dev.weir.testing.PathwayModels#everyCombination")
  void remembersWhatItsCostSays(String name) {
    try (Transformer model = EveryModel.open(name, DType.FLOAT32);
        KvCache cache = new KvCache(model.spec().nLayers())) {
      step(model, cache, new int[PROMPT]);
      for (int i = 0; i < STEPS; i++) {
        step(model, cache, new int[] {i});
      }
      TransformerCost cost = TransformerCost.ofLastToken(model.spec(), PROMPT + STEPS);
      assertThat(cost.remembered()).isEqualTo((double) cache.boundedElements());
      assertThat(cost.cached() * (PROMPT + STEPS))
          .isEqualTo((double) (cache.elements() - cache.boundedElements()));
    }
  }

  private static void step(Transformer model, KvCache cache, int[] tokens) {
    try (Scope _ = Scope.open()) {
      Tensor _ = model.logits(tokens, cache);
    }
  }
}
