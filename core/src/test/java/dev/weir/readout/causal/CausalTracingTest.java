package dev.weir.readout.causal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.AttentionSpec;
import dev.weir.model.Transformer;
import dev.weir.readout.causal.CausalTracing.Cell;
import dev.weir.readout.causal.CausalTracing.Kind;
import dev.weir.readout.causal.CausalTracing.Options;
import dev.weir.readout.causal.CausalTracing.Prompt;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CausalTracingTest {
  private static final double ROUNDING = 1e-12;

  static Stream<String> models() {
    return EveryModel.names();
  }

  private static CausalTracing traced(Transformer model, String name, Options options, int seed) {
    CausalTracing tracing = new CausalTracing(model, options, new SplittableRandom(seed));
    int at = Pairs.changed(name);
    tracing.add(new Prompt(EveryModel.tokens(name), at, at + 2, 2, name));
    return tracing;
  }

  @ParameterizedTest
  @MethodSource("models")
  void theLastPlaceBringsAllBackAndPlacesBeforeTheSubjectNothing(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      CausalTracing tracing = traced(model, name, new Options(Kind.STATE, 1, 1, 3), 5);
      double whole = tracing.clean().mean() - tracing.corrupted().mean();
      boolean looksAhead =
          model.spec().blocks().getFirst().attention().visibility()
              instanceof AttentionSpec.Visibility.Bidirectional;
      int lastLayer = model.spec().nLayers() - 1;
      int last = EveryModel.tokens(name).length - 1;
      for (Cell cell : tracing.cells()) {
        if (cell.place().layer() == lastLayer
            && cell.place().position() == last
            && !model.pathway().mixesPositions()) {
          assertThat(cell.effect().mean()).isCloseTo(whole, within(ROUNDING));
        }
        if (!looksAhead && cell.place().position() < Pairs.changed(name)) {
          assertThat(cell.effect().mean()).isCloseTo(0, within(ROUNDING));
        }
      }
    }
  }

  @Test
  void theSameSeedGivesTheSameGridAndAnotherAnother() {
    String name = "models/gpt2";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT32)) {
      Options options = Options.usual(Kind.MLP);
      List<Cell> first = traced(model, name, options, 1).cells();
      assertThat(traced(model, name, options, 1).cells()).isEqualTo(first);
      assertThat(traced(model, name, options, 2).cells()).isNotEqualTo(first);
      assertThat(first.getLast().effect().count()).isEqualTo(10);
    }
  }

  @Test
  void theNoiseIsMeasuredInDeviationsOfTheEmbeddings() {
    String name = "models/gpt2";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      Tensor table = model.parameters().get("embed.W_E");
      double mean = table.mean().item();
      double deviation = Math.sqrt(table.plus(-mean).square().mean().item());
      CausalTracing tracing = traced(model, name, new Options(Kind.STATE, 1, 3, 2), 5);
      assertThat(tracing.deviation()).isCloseTo(3 * deviation, within(1e-9));
    }
  }

  @Test
  void aWindowRestoresEveryBlockInIt() {
    String name = "models/gpt2";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      // A window over all blocks is the same whatever block it is centred on.
      int wide = 2 * model.spec().nLayers();
      List<Cell> cells = traced(model, name, new Options(Kind.ATTENTION, wide, 1, 2), 5).cells();
      int length = EveryModel.tokens(name).length;
      for (int position = 0; position < length; position++) {
        assertThat(cells.get(length + position).effect().mean())
            .isCloseTo(cells.get(position).effect().mean(), within(ROUNDING));
      }
    }
  }

  @Test
  void subjectsOutsideThePromptAndNoNoiseAreRefused() {
    assertThatExceptionOfType(CausalException.class)
        .isThrownBy(() -> new Prompt(new int[] {1, 2, 3}, 2, 5, 1, "line 1"))
        .withMessageStartingWith("Positions 2 to 4 are no part of a prompt of 3 tokens.");
    assertThatExceptionOfType(CausalException.class)
        .isThrownBy(() -> new Options(Kind.STATE, 1, 0, 1))
        .withMessageContaining("0.0 standard deviations of noise");
  }
}
