package dev.weir.readout.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Folded;
import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.readout.circuit.Circuits.Positions;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.testing.EveryModel;
import dev.weir.testing.GoldenModels;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Composition scores from collapsed factors against the formula on matrices multiplied out.
class CompositionTest {
  /// Some hundred float64 operations on numbers up to 1.
  private static final double ROUNDING = 1e-11;

  static Stream<String> plainModels() {
    return GoldenModels.names();
  }

  @ParameterizedTest
  @MethodSource("plainModels")
  void scoresAreThoseOfTheMatricesMultipliedOut(String name) {
    try (Scope _ = Scope.open();
        Transformer raw = GoldenModels.open(name, DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      Circuits circuits = Circuits.of(folded);
      for (Composition.Kind kind : Composition.Kind.values()) {
        Composition composition =
            Composition.of(circuits, kind, new Positions.Ignored(), new SplittableRandom(1));
        int layers = raw.spec().nLayers();
        int heads = raw.spec().blocks().getFirst().attention().nHeads();
        assertThat(composition.scores()).hasSize(layers * (layers - 1) / 2 * heads * heads);
        if (!Dense.bareMaps(raw)) {
          continue; // Gains that stand between belong to these heads.
        }
        for (Composition.Score score : composition.scores()) {
          double[][] earlier = Dense.ov(folded.model(), score.fromLayer(), score.fromHead());
          double[][] later =
              switch (kind) {
                case Q -> Dense.qk(folded.model(), score.toLayer(), score.toHead());
                case K -> Dense.turned(Dense.qk(folded.model(), score.toLayer(), score.toHead()));
                case V -> Dense.ov(folded.model(), score.toLayer(), score.toHead());
              };
          double expected =
              Dense.norm(Dense.times(earlier, later)) / (Dense.norm(earlier) * Dense.norm(later));
          assertThat(score.value())
              .as(kind + " " + score.label())
              .isCloseTo(expected, within(ROUNDING));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void channelsOfAPairAddUpToItsScore(Composition.Kind kind) {
    try (Scope _ = Scope.open();
        Transformer raw = GoldenModels.open("models/llama", DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      Circuits circuits = Circuits.of(folded);
      Positions positions = new Positions.Apart(1);
      Composition.Score pair =
          Composition.of(circuits, kind, positions, new SplittableRandom(1)).top(1).getFirst();
      double squares =
          Composition.channels(circuits, kind, positions, pair).stream()
              .mapToDouble(channel -> channel.share() * channel.value() * channel.value())
              .sum();
      assertThat(Math.sqrt(squares)).isCloseTo(pair.value(), within(ROUNDING));
    }
  }

  @Test
  void randomMapsScoreAboutOneOverTheRootOfTheWidth() {
    Estimate wide = Composition.baseline(256, 16, new SplittableRandom(1));
    // The mean square is 1/d exactly; the mean of the root lies a little below.
    assertThat(wide.mean()).isCloseTo(1 / Math.sqrt(256), within(0.05 / Math.sqrt(256)));
    assertThat(wide.low()).isLessThan(wide.mean());
    assertThat(Composition.baseline(256, 16, new SplittableRandom(1))).isEqualTo(wide);
  }

  @Test
  void aRoutedPathwayIsRefused() {
    try (Scope _ = Scope.open();
        Transformer raw = EveryModel.open("pathway/ddl/rms/mha", DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      assertThatThrownBy(() ->
              Composition.of(
                  Circuits.of(folded),
                  Composition.Kind.V,
                  new Positions.Ignored(),
                  new SplittableRandom(1)))
          .isInstanceOf(CircuitException.class)
          .hasMessageContaining("Composition scores take a stream that only adds");
    }
  }
}
