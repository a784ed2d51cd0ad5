package dev.weir.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.pathway.PreNorm;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.testing.EveryModel;
import dev.weir.testing.PathwayModels;
import org.junit.jupiter.api.Test;

/// Attention of which only a share is softmax.
class SoftmaxShareTest {
  private static final int LENGTH = 5;
  private static final double SHARE = 0.75;

  @Test
  void theRestIsOneForEveryKeyInSightAndNothingForOthers() {
    TransformerSpec spec = PathwayModels.on(new PreNorm()).mapBlocks(SoftmaxShareTest::shared);
    HookPoint point = new HookPoint.Pattern(0);
    int[] tokens = {3, 1, 4, 1, 5};
    try (Transformer model = EveryModel.random(spec, DType.FLOAT64);
        StreamTrace trace = model.trace(tokens, Capture.of(point))) {
      double[] pattern = trace.get(point).order("head", "query_pos", "key_pos").toDoubles();
      for (int row = 0; row < 2 * LENGTH; row++) {
        int query = row % LENGTH;
        double sum = 0;
        for (int key = 0; key < LENGTH; key++) {
          double weight = pattern[row * LENGTH + key];
          assertThat(weight > 0).isEqualTo(key <= query);
          sum += weight;
        }
        assertThat(sum).isCloseTo(SHARE + (1 - SHARE) * (query + 1), within(1e-12));
      }
    }
  }

  private static BlockSpec shared(BlockSpec block) {
    AttentionSpec of = block.attention();
    return block.withAttention(
        new AttentionSpec(
            of.nHeads(),
            of.nKvHeads(),
            of.dHead(),
            of.scale(),
            of.softcap(),
            of.visibility(),
            of.positions(),
            of.qkNorm(),
            of.biases(),
            SHARE));
  }
}
