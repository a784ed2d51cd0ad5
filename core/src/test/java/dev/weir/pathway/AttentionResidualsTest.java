package dev.weir.pathway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import dev.weir.testing.Golden;
import dev.weir.testing.PathwayModels;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The two ways of evaluation, and blocks of one.
class AttentionResidualsTest {
  private static final int[] TOKENS = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};

  private static TransformerSpec spec(int size, AttentionResiduals.Evaluation evaluation) {
    return PathwayModels.on(new AttentionResiduals(size, evaluation, 1e-6));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 8, 100})
  void twoPhasesGiveWhatOneSoftmaxGives(int size) {
    try (Scope _ = Scope.open();
        Transformer naive =
            EveryModel.random(spec(size, AttentionResiduals.Evaluation.NAIVE), DType.FLOAT64)) {
      TransformerSpec other = spec(size, AttentionResiduals.Evaluation.TWO_PHASE);
      Parameters same = naive.parameters();
      try (Transformer twoPhase =
          Transformer.of(other, same, new dev.weir.tensor.TensorOwner(), "test")) {
        Tensor expected = naive.logits(TOKENS);
        assertThat(
                Golden.largestDifference(twoPhase.logits(TOKENS).toDoubles(), expected.toDoubles()))
            .isLessThan(1e-10);
      }
    }
  }
}
