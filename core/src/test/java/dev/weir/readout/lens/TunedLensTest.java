package dev.weir.readout.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.readout.LogitLens;
import dev.weir.readout.LogitLens.Reading;
import dev.weir.readout.LogitLens.Target;
import dev.weir.readout.Places;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.testing.EveryModel;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TunedLensTest {

  /// Float64; the two sum over the vocabulary in different orders.
  private static final double EXACT = 1e-10;

  static Stream<String> models() {
    return EveryModel.names();
  }

  @ParameterizedTest
  @MethodSource("models")
  void untunedItIsTheLogitLens(String name) {
    LogitLens.Options options = LogitLens.Options.usual().with(Places.LAYERS);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        Translators untuned = Translators.identity(model, name);
        StreamTrace trace = model.trace(EveryModel.tokens(name), TunedLens.capture())) {
      LensReadings logit = LensReadings.of(LogitLens.of(model, trace, options));
      LensReadings tuned = TunedLens.of(model, trace, untuned, 5, new Target.FinalTop()).readings();
      assertThat(tuned.places()).isEqualTo(logit.places());
      assertThat(tuned.positions()).isEqualTo(logit.positions());
      assertThat(tuned.norm()).isEqualTo(logit.norm());
      for (int place = 0; place < logit.places().size(); place++) {
        for (int i = 0; i < logit.positions().size(); i++) {
          assertSame(tuned.at(place, i), logit.at(place, i));
        }
      }
    }
  }

  private static void assertSame(Reading tuned, Reading logit) {
    assertThat(tuned.klToFinal()).isCloseTo(logit.klToFinal(), within(EXACT));
    assertThat(tuned.entropy()).isCloseTo(logit.entropy(), within(EXACT));
    assertThat(tuned.target()).isEqualTo(logit.target());
    assertThat(tuned.targetRank()).isEqualTo(logit.targetRank());
    assertThat(tuned.targetProbability()).isCloseTo(logit.targetProbability(), within(EXACT));
    assertThat(tuned.crossEntropy().isPresent()).isEqualTo(logit.crossEntropy().isPresent());
    assertThat(tuned.crossEntropy().orElse(0))
        .isCloseTo(logit.crossEntropy().orElse(0), within(EXACT));
    for (int k = 0; k < logit.top().size(); k++) {
      assertThat(tuned.top().get(k).probability())
          .isCloseTo(logit.top().get(k).probability(), within(EXACT));
    }
  }

  @Test
  void aLensOfAnotherModelIsRefused() {
    try (Scope _ = Scope.open();
        Transformer gpt2 = EveryModel.open("models/gpt2", DType.FLOAT32);
        Transformer other = EveryModel.open("pathway/ddl/rms/mha", DType.FLOAT32);
        Translators lens = Translators.identity(other, "other");
        StreamTrace trace = gpt2.trace(new int[] {1, 2}, TunedLens.capture())) {
      assertThatExceptionOfType(LensException.class)
          .isThrownBy(() -> TunedLens.of(gpt2, trace, lens, 5, new Target.FinalTop()))
          .withMessage(
              "The lens has 4 translators, but this model has 2 blocks. Where: tuned lens. To fix:"
                  + " use a lens tuned for this model.");
    }
  }

  @Test
  void aTokenOutsideTheVocabularyIsRefused() {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open("models/gpt2", DType.FLOAT32);
        Translators lens = Translators.identity(model, "gpt2");
        StreamTrace trace = model.trace(new int[] {1, 2}, TunedLens.capture())) {
      assertThatExceptionOfType(LensException.class)
          .isThrownBy(() -> TunedLens.of(model, trace, lens, 5, new Target.Token(999)))
          .withMessageStartingWith("There is no token 999");
    }
  }
}
