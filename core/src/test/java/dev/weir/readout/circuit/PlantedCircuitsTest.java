package dev.weir.readout.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Folded;
import dev.weir.model.Transformer;
import dev.weir.readout.circuit.Circuits.Positions;
import dev.weir.readout.circuit.HeadDetectors.Detector;
import dev.weir.readout.circuit.HeadDetectors.Repeated;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.testing.PlantedModels;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Circuits written into weights by hand are found, and nothing else is.
class PlantedCircuitsTest {
  /// What a handful of float64 operations on numbers up to 20 leaves where there is nothing.
  private static final double NOTHING = 1e-12;

  private static final int PREVIOUS_LAYER = 0;
  private static final int PREVIOUS_HEAD = 0;
  private static final int INDUCTION_LAYER = 1;
  private static final int INDUCTION_HEAD = 1;

  private static boolean isPrevious(int layer, int head) {
    return layer == PREVIOUS_LAYER && head == PREVIOUS_HEAD;
  }

  private static boolean isInduction(int layer, int head) {
    return layer == INDUCTION_LAYER && head == INDUCTION_HEAD;
  }

  @Test
  void thePlantedModelContinuesWhatRepeats() {
    try (Scope _ = Scope.open();
        Transformer model = PlantedModels.induction(DType.FLOAT64)) {
      int[] text = {5, 2, 9, 7, 5, 2, 9};
      assertThat(model.logits(text).at("pos", 6).argmax("d_vocab").toLongs()).containsExactly(7);
      assertThat(model.logits(text).at("pos", 4).argmax("d_vocab").toLongs()).containsExactly(2);
    }
  }

  @Test
  void detectorsNameThePlantedHeadsAndNoOthers() {
    try (Scope _ = Scope.open();
        Transformer model = PlantedModels.induction(DType.FLOAT64)) {
      Repeated text =
          Repeated.random(
              PlantedModels.TOKENS, 24, 10, OptionalInt.empty(), new SplittableRandom(3));
      HeadDetectors found = new HeadDetectors();
      try (StreamTrace trace = model.trace(text.tokens(), HeadDetectors.capture())) {
        found.addRepeated(trace, text.period(), HeadDetectors.Rows.SECOND_COPY);
      }
      assertThat(found.heads()).containsExactly(2, 2);
      for (int layer = 0; layer < 2; layer++) {
        for (int head = 0; head < 2; head++) {
          double previous = found.score(Detector.PREVIOUS, layer, head).mean();
          double induction = found.score(Detector.INDUCTION, layer, head).mean();
          double duplicate = found.score(Detector.DUPLICATE, layer, head).mean();
          // Heads that look everywhere alike give each of 2 to 20 positions its share.
          assertThat(previous > 0.9).isEqualTo(isPrevious(layer, head));
          assertThat(induction > 0.9).isEqualTo(isInduction(layer, head));
          assertThat(isPrevious(layer, head) || previous < 0.3).isTrue();
          assertThat(isInduction(layer, head) || induction < 0.1).isTrue();
          assertThat(duplicate).isLessThan(0.1);
        }
      }
    }
  }

  @Test
  void keyCompositionNamesThePlantedPairAndNothingElseComposes() {
    try (Scope _ = Scope.open();
        Transformer raw = PlantedModels.induction(DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      Circuits circuits = Circuits.of(folded);
      for (Composition.Kind kind : Composition.Kind.values()) {
        Composition composition =
            Composition.of(circuits, kind, new Positions.Ignored(), new SplittableRandom(1));
        assertThat(composition.scores()).hasSize(4);
        for (Composition.Score score : composition.scores()) {
          boolean planted =
              kind == Composition.Kind.K
                  && isPrevious(score.fromLayer(), score.fromHead())
                  && isInduction(score.toLayer(), score.toHead());
          // One map writes twelve directions, the other reads these and, as strongly in all, the
          // first position: √12 / (√12 · √24).
          double expected = planted ? 1 / Math.sqrt(2 * PlantedModels.TOKENS) : 0;
          assertThat(score.value()).as(kind + " " + score).isCloseTo(expected, within(NOTHING));
        }
      }
    }
  }

  /// The two idle heads have maps of no length, and neurons of no length have no cosine.
  @Test
  void whatHasNoLengthScoresZeroInSinglePrecisionToo() {
    try (Scope _ = Scope.open();
        Transformer raw = PlantedModels.induction(DType.FLOAT32);
        Folded folded = Circuits.fold(raw)) {
      Circuits circuits = Circuits.of(folded);
      Composition composition =
          Composition.of(
              circuits, Composition.Kind.K, new Positions.Ignored(), new SplittableRandom(1));
      assertThat(composition.scores())
          .filteredOn(score -> score.value() == 0)
          .as("pairs with an idle head")
          .hasSize(3);
      VirtualWeights weights =
          VirtualWeights.of(
              circuits,
              new StreamPart.HeadValues(0, 1),
              new StreamPart.Keys(1, 1),
              new VirtualWeights.Options(VirtualWeights.Measure.COSINE, 3, 0));
      assertThat(weights.summary().norm()).isZero();
      assertThat(circuits.heads())
          .filteredOn(head -> head.head() != head.layer())
          .allSatisfy(head -> {
            assertThat(head.copying()).isZero();
            assertThat(head.ovRank()).isZero();
          });
    }
  }

  @Test
  void onlyTheInductionHeadCopiesTokens() {
    try (Scope _ = Scope.open();
        Transformer raw = PlantedModels.induction(DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      Circuits circuits = Circuits.of(folded);
      TokenCircuits tokens = TokenCircuits.of(circuits);
      Circuits.Head induction =
          circuits.heads().stream()
              .filter(head -> isInduction(head.layer(), head.head()))
              .findFirst()
              .orElseThrow();
      assertThat(induction.tokenCopying().orElseThrow()).isCloseTo(1, within(NOTHING));
      for (int token = 0; token < PlantedModels.TOKENS; token++) {
        TokenWeight first =
            tokens.promoted(INDUCTION_LAYER, INDUCTION_HEAD, token, 1).top().getFirst();
        assertThat(first.token()).isEqualTo(token);
        // Less the mean over the vocabulary, which the centred unembedding takes off.
        double expected = PlantedModels.CONFIDENCE * (1 - 1.0 / PlantedModels.TOKENS);
        assertThat(first.weight()).isCloseTo(expected, within(NOTHING));
        TokenWeight.Ends nothing = tokens.promoted(PREVIOUS_LAYER, PREVIOUS_HEAD, token, 1);
        assertThat(nothing.top().getFirst().weight()).isCloseTo(0, within(NOTHING));
      }
    }
  }

  @Test
  void theLogitsComeByOnePathAlone() {
    try (Scope _ = Scope.open();
        Transformer raw = PlantedModels.induction(DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      int[] text = IntStream.range(0, 24).map(i -> new int[] {5, 2, 9, 7}[i % 4]).toArray();
      int[] next = IntStream.range(1, 25).map(i -> new int[] {5, 2, 9, 7}[i % 4]).toArray();
      try (StreamTrace trace = folded.model().trace(text, PathExpansion.capture())) {
        PathExpansion paths = PathExpansion.of(Circuits.of(folded), trace, next, 2);
        assertThat(paths.paths())
            .allSatisfy(path ->
                assertThat(path.size() > NOTHING)
                    .as(path.label())
                    .isEqualTo(path.label().equals("embed L1H1")));
        List<PathExpansion.Order> orders = paths.orders();
        // Nothing known: ln 12.
        assertThat(orders.getFirst().crossEntropy()).isCloseTo(Math.log(12), within(1e-12));
        assertThat(orders.get(1).change().orElseThrow()).isLessThan(-1);
        assertThat(orders.get(2).change().orElseThrow()).isCloseTo(0, within(NOTHING));
      }
    }
  }

  @Test
  void thePlantedVirtualWeightIsFoundAndNothingElse() {
    int from = 2;
    int to = 4;
    try (Scope _ = Scope.open();
        Transformer raw = PlantedModels.virtualWeight(from, to, DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      VirtualWeights found =
          VirtualWeights.of(
              Circuits.of(folded),
              new StreamPart.NeuronsOut(0),
              new StreamPart.NeuronsIn(1),
              new VirtualWeights.Options(VirtualWeights.Measure.COSINE, 36, 1));
      assertThat(found.top()).hasSize(36);
      VirtualWeights.Entry first = found.top().getFirst();
      assertThat(first.writer()).isEqualTo(from);
      assertThat(first.reader()).isEqualTo(to);
      assertThat(first.product()).isCloseTo(0.5, within(NOTHING));
      // The reader has 1 beside the 0.5 that meets the writer: 0.5 / √1.25.
      assertThat(first.cosine()).isCloseTo(0.5 / Math.sqrt(1.25), within(NOTHING));
      assertThat(found.top().subList(1, 36))
          .allSatisfy(entry -> assertThat(entry.product()).isCloseTo(0, within(NOTHING)));
      assertThat(found.top(from).getFirst().reader()).isEqualTo(to);
      for (String other : List.of("embed", "pos_embed", "L0H0.o", "L0H0.ov")) {
        double largest =
            Arrays.stream(new String[] {"1.in", "L1H0.q", "unembed"})
                .mapToDouble(reader ->
                    VirtualWeights.of(
                            Circuits.of(folded),
                            StreamPart.Writer.named(other),
                            StreamPart.Reader.named(reader),
                            VirtualWeights.Options.strongest(1))
                        .summary()
                        .norm())
                .max()
                .orElseThrow();
        assertThat(largest).as(other).isLessThan(NOTHING);
      }
    }
  }
}
