package dev.weir.reference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.model.Transformer;
import dev.weir.model.family.ModelFiles;
import dev.weir.readout.LogitLens;
import dev.weir.readout.Places;
import dev.weir.readout.depth.BlockInfluence;
import dev.weir.readout.depth.DepthEffects;
import dev.weir.readout.depth.DepthExperiment;
import dev.weir.readout.depth.SaturationLayer;
import dev.weir.reference.Stories260kTest.Precision;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Device;
import dev.weir.testing.SharedData;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The depth view of a real trained model against an independent float64 computation
/// (`analyses.md`, appendices B2 and B4).
class DepthOnStoriesTest {
  private static final int[] TOKENS = Stories260kTest.TOKENS;
  private static final double[] SKIPPED = {4.865032, 1.369502, 1.098969, 1.377, 1.50693};
  private static final double[] SWAPPED = {4.280675, 1.283851, 1.170919, 1.383152};
  private static final double[] INFLUENCE = {0.245673, 0.116997, 0.100939, 0.117781, 0.165084};

  /// KL and agreement of the lens before the last block, which is what skipping it leaves.
  private static final double KL_BEFORE_LAST = 0.878388;

  private static final double AGREEMENT_BEFORE_LAST = 0.578125;

  private static Transformer open(DType dtype) {
    return ModelFiles.open(
        SharedData.require("stories260k/stories260K.bin"),
        new ModelFiles.Options(Optional.of(dtype), new Device.Cpu()));
  }

  @ParameterizedTest
  @EnumSource
  void skippedAndSwappedBlocks(Precision precision) {
    try (Transformer model = open(precision.dtype())) {
      List<DepthExperiment> experiments = new ArrayList<>();
      for (int block = 0; block < 5; block++) {
        experiments.add(DepthExperiment.skip(model.spec(), block));
      }
      for (int block = 0; block < 4; block++) {
        experiments.add(DepthExperiment.swap(model.spec(), block));
      }
      try (DepthEffects.Reader reader = DepthEffects.over(model, experiments)) {
        reader.add(TOKENS);
        DepthEffects effects = reader.effects();
        double[] found =
            effects.effects().stream().mapToDouble(e -> e.crossEntropy().mean()).toArray();
        precision.same(java.util.Arrays.copyOf(found, 5), SKIPPED, "skip");
        precision.same(java.util.Arrays.copyOfRange(found, 5, 9), SWAPPED, "swap");
        precision.same(effects.normal().crossEntropy().mean(), 0.487963, "normal");
        DepthEffects.Effect last = effects.effects().get(4);
        precision.same(last.kl().mean(), KL_BEFORE_LAST, "KL");
        precision.same(last.agreement().mean(), AGREEMENT_BEFORE_LAST, "agreement");
        precision.same(last.increase().mean(), 1.50693 - 0.487963, 1.50693, "increase");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void blockInfluence(Precision precision) {
    try (Transformer model = open(precision.dtype());
        StreamTrace trace = model.trace(TOKENS, BlockInfluence.capture())) {
      BlockInfluence influence = BlockInfluence.of(model, trace);
      for (int layer = 0; layer < 5; layer++) {
        precision.same(influence.of(layer), INFLUENCE[layer], "block " + layer);
      }
      assertThat(influence.ranking()).containsExactly(2, 1, 3, 4, 0);
    }
  }

  /// An answer that has settled before the last block is one on which lens and model agree there.
  @Test
  void answersSettleWhereTheLensSaysSo() {
    LogitLens.Options options = LogitLens.Options.usual().with(Places.LAYERS);
    try (Transformer model = open(DType.FLOAT64);
        StreamTrace trace = model.trace(TOKENS, LogitLens.capture(options))) {
      LogitLens lens = LogitLens.of(model, trace, options);
      SaturationLayer saturation = SaturationLayer.of(lens);
      assertThat(saturation.share(4)).isEqualTo(AGREEMENT_BEFORE_LAST);
      assertThat(saturation.share(5)).isEqualTo(1);
      for (int place = 0; place < 5; place++) {
        assertThat(saturation.share(place)).isLessThanOrEqualTo(lens.agreement(place));
      }
    }
  }
}
