package dev.weir.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.weir.model.Folding.Step;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import dev.weir.testing.Golden;
import dev.weir.testing.GoldenModels;
import dev.weir.weights.Safetensors;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FoldingTest {

  /// Float64 throughout; what remains is rounding.
  private static final double EXACT = 1e-10;

  static Stream<String> models() {
    return EveryModel.names();
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyPossibleStepLeavesThePredictionsAsTheyAre(String name) {
    int[] tokens = EveryModel.tokens(name);
    try (Scope _ = Scope.open();
        Transformer raw = EveryModel.open(name, DType.FLOAT64)) {
      Set<Step> possible = Folding.possible(raw);
      Tensor before = raw.logits(tokens);
      List<Set<Step>> choices = new ArrayList<>(List.of(possible, Set.of()));
      for (Step step : possible) {
        Set<Step> upTo = EnumSet.copyOf(possible);
        upTo.removeIf(other -> other.compareTo(step) > 0);
        choices.add(upTo);
      }
      for (Set<Step> steps : choices) {
        try (Folded folded = Folding.fold(raw, steps)) {
          Tensor after = folded.model().logits(tokens);
          boolean shifted = steps.contains(Step.CENTRE_UNEMBEDDING);
          assertThat(
                  Golden.largestDifference(
                      (shifted ? after.logSoftmax("d_vocab") : after).toDoubles(),
                      (shifted ? before.logSoftmax("d_vocab") : before).toDoubles()))
              .as("%s %s", name, folded.coordinates())
              .isLessThan(EXACT);
        }
      }
      assertThat(raw.logits(tokens).toDoubles()).isEqualTo(before.toDoubles());
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void foldedNormsHaveNoWeightsLeft(String name) {
    try (Scope _ = Scope.open();
        Transformer raw = EveryModel.open(name, DType.FLOAT32)) {
      Set<Step> possible = Folding.possible(raw);
      if (possible.contains(Step.NORM_GAINS)) {
        try (Folded folded = Folding.fold(raw, possible)) {
          assertThat(folded.model().parameters().tensors().keySet())
              .noneMatch(weight -> weight.matches("ln_final\\..|blocks\\.\\d+\\.ln[12]\\.."));
        }
      }
    }
  }

  @Test
  void stepsThatWouldChangeTheFunctionAreRefusedWithTheReason() {
    refuses(
        "models/llama",
        Step.CENTRE_READING,
        "a norm keeps the mean, or its gain and shift are not folded");
    refuses(
        "models/llama",
        Step.CENTRE_WRITING,
        "something reads the stream without a norm that subtracts the mean");
    refuses(
        "models/olmo2",
        Step.CENTRE_WRITING,
        "something reads the stream without a norm that subtracts the mean");
    refuses(
        "models/gemma2",
        Step.CENTRE_UNEMBEDDING,
        "its logits are capped, and a cap is not the same after a shift");
    refuses(
        "models/gpt2", Step.NORM_GAINS, "its norms' shifts, still there, would be multiplied too");
    refuses(
        "pathway/post_norm/layer/mha",
        Step.CENTRE_WRITING,
        "its pathway changes the stream after each write");
    refuses(
        "transformer_lens/attn-only-shortformer",
        Step.CENTRE_READING,
        "a norm keeps the mean, or its gain and shift are not folded");
  }

  private static void refuses(String name, Step step, String why) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT32)) {
      assertThatExceptionOfType(ModelException.class)
          .isThrownBy(() -> Folding.fold(model, Set.of(step)))
          .withMessage(
              "%s would change what this model computes: %s. Where: folding. To fix: leave this step"
                  + " out.",
              step, why);
    }
  }

  @Test
  void coordinatesSayWhatWasFolded() {
    assertThat(Coordinates.raw()).hasToString("raw");
    assertThat(new Coordinates(Set.of(Step.NORM_GAINS, Step.NORM_BIASES)))
        .hasToString("folded (norm biases, norm gains)");
  }

  @Test
  void agreesWithTransformerLensesOwnProcessing() {
    Set<Step> norms = EnumSet.of(Step.NORM_BIASES, Step.NORM_GAINS, Step.CENTRE_READING);
    sameAsTransformerLens("gelu-layer-norm", "fold_norm", norms);
    sameAsTransformerLens("gelu-layer-norm", "fold_all", EnumSet.allOf(Step.class));
    sameAsTransformerLens(
        "rms-gated-grouped",
        "fold_all",
        EnumSet.of(Step.NORM_BIASES, Step.NORM_GAINS, Step.CENTRE_UNEMBEDDING, Step.VALUE_BIASES));
  }

  private static void sameAsTransformerLens(String model, String file, Set<Step> steps) {
    String name = "transformer_lens/" + model;
    try (Scope _ = Scope.open();
        Transformer raw = GoldenModels.open(name, DType.FLOAT64);
        Folded folded = Folding.fold(raw, steps);
        Safetensors theirs = Safetensors.open(Golden.path(name).resolve(file + ".safetensors"))) {
      folded
          .model()
          .parameters()
          .tensors()
          .forEach((weight, tensor) -> {
            String stored = stored(theirs, weight);
            assertThat(
                    Golden.largestDifference(
                        inTheirOrder(weight, tensor).toDoubles(), Golden.doubles(theirs, stored)))
                .as("%s %s %s", model, file, weight)
                .isLessThan(EXACT);
          });
      assertThat(
              Golden.largestDifference(
                  folded.model().logits(GoldenModels.tokens(name)).toDoubles(),
                  Golden.doubles(theirs, "logits")))
          .isLessThan(EXACT);
    }
  }

  /// TransformerLens marks grouped keys and values with an underscore.
  private static String stored(Safetensors theirs, String weight) {
    return theirs.has(weight) ? weight : weight.replaceFirst("\\.([Wb]_[KV])$", "._$1");
  }

  private static Tensor inTheirOrder(String weight, Tensor tensor) {
    String kind = weight.substring(weight.lastIndexOf('.') + 1);
    return switch (kind) {
      case "W_Q" -> tensor.order("head", "d_model", "d_head");
      case "W_K", "W_V" -> tensor.order("kv_head", "d_model", "d_head");
      case "W_O" -> tensor.order("head", "d_head", "d_model");
      case "W_in", "W_gate" -> tensor.order("d_model", "d_mlp");
      case "W_out" -> tensor.order("d_mlp", "d_model");
      case "W_E" -> tensor.order("d_vocab", "d_model");
      case "W_U" -> tensor.order("d_model", "d_vocab");
      default -> tensor;
    };
  }
}
