package dev.weir.readout.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.readout.LogitLens;
import dev.weir.readout.lens.LensSurvey.Measure;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.testing.EveryModel;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class LensSurveyTest {

  @Test
  void textsCountOnceEachWithTheirOwnMean() {
    List<int[]> texts = List.of(new int[] {1, 2, 3, 4}, new int[] {5, 6}, new int[] {7, 8, 9});
    LogitLens.Options options = LogitLens.Options.usual();
    LensSurvey survey = LensSurvey.from(0);
    LensSurvey withoutFirst = LensSurvey.from(1);
    double[] kl = new double[texts.size()];
    double[] later = new double[texts.size()];
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open("models/gpt2", DType.FLOAT64)) {
      for (int i = 0; i < kl.length; i++) {
        try (StreamTrace trace = model.trace(texts.get(i), LogitLens.capture(options))) {
          LogitLens lens = LogitLens.of(model, trace, options);
          survey.add(LensReadings.of(lens));
          withoutFirst.add(LensReadings.of(lens));
          kl[i] = lens.meanKl(1);
          double all = lens.meanKl(1) * texts.get(i).length;
          later[i] = (all - lens.at(1, 0).klToFinal()) / (texts.get(i).length - 1);
        }
      }
    }
    assertThat(survey.texts()).isEqualTo(3);
    same(survey.mean(1, Measure.KL_TO_FINAL), Estimate.of(kl));
    same(withoutFirst.mean(1, Measure.KL_TO_FINAL), Estimate.of(later));
    int last = survey.places().size() - 1;
    assertThat(survey.mean(last, Measure.AGREEMENT).mean()).isEqualTo(1);
    assertThat(survey.mean(last, Measure.TARGET_RANK).mean()).isZero();
    assertThat(Arrays.stream(kl).average().orElseThrow()).isPositive();
  }

  private static void same(Estimate found, Estimate expected) {
    assertThat(found.mean()).isCloseTo(expected.mean(), within(1e-12));
    assertThat(found.low()).isCloseTo(expected.low(), within(1e-12));
    assertThat(found.high()).isCloseTo(expected.high(), within(1e-12));
  }

  @Test
  void aTextOfOneTokenHasNoCrossEntropyAndWithoutTheFirstNothing() {
    LogitLens.Options options = LogitLens.Options.usual();
    LensSurvey survey = LensSurvey.from(0);
    LensSurvey nothing = LensSurvey.from(1);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open("models/gpt2", DType.FLOAT64);
        StreamTrace trace = model.trace(new int[] {3}, LogitLens.capture(options))) {
      LensReadings readings = LensReadings.of(LogitLens.of(model, trace, options));
      survey.add(readings);
      nothing.add(readings);
    }
    assertThat(survey.mean(0, Measure.CROSS_ENTROPY).mean()).isNaN();
    assertThat(survey.mean(0, Measure.ENTROPY).mean()).isPositive();
    assertThat(nothing.texts()).isZero();
  }
}
