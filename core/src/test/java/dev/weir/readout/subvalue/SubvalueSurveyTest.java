package dev.weir.readout.subvalue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.readout.subvalue.SubvalueSurvey.Measure;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.testing.EveryModel;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SubvalueSurveyTest {

  @Test
  void meansOverPromptsAreThoseOfSingleRuns() {
    List<int[]> prompts = List.of(new int[] {1, 2, 3}, new int[] {4, 5}, new int[] {6, 7, 8, 9});
    SubvalueSurvey survey = SubvalueSurvey.empty();
    double[] increases = new double[prompts.size()];
    double[] probabilities = new double[prompts.size()];
    SplittableRandom random = new SplittableRandom(3);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open("models/llama", DType.FLOAT64)) {
      for (int i = 0; i < prompts.size(); i++) {
        try (StreamTrace trace = model.trace(prompts.get(i), Subvalues.capture())) {
          Subvalues found = Subvalues.of(model, trace, Subvalues.Options.usual());
          SubvalueIntervention effect =
              SubvalueIntervention.of(
                  model, prompts.get(i), found.target(), found.topMlpNeurons(4), 2, random);
          survey.add(found, effect, 4);
          increases[i] = found.sublayers().get(1).importance();
          probabilities[i] = effect.found().probability();
        }
      }
    }
    assertThat(survey.prompts()).isEqualTo(3);
    assertThat(survey.increases().get(1).label()).isEqualTo("0_mlp_out");
    same(survey.increases().get(1).mean(), Estimate.of(increases));
    same(survey.effect(Measure.PROBABILITY_FOUND), Estimate.of(probabilities));
    double counted = survey.valueNeurons().stream().mapToDouble(m -> m.mean().mean()).sum();
    assertThat(counted).isCloseTo(4, within(1e-12));
  }

  private static void same(Estimate found, Estimate expected) {
    assertThat(found.mean()).isCloseTo(expected.mean(), within(1e-12));
    assertThat(found.low()).isCloseTo(expected.low(), within(1e-12));
    assertThat(found.high()).isCloseTo(expected.high(), within(1e-12));
  }
}
