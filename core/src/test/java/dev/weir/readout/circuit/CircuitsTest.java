package dev.weir.readout.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.AttentionSpec;
import dev.weir.model.Coordinates;
import dev.weir.model.Folded;
import dev.weir.model.Folding;
import dev.weir.model.NormSpec;
import dev.weir.model.PositionCode;
import dev.weir.model.Softcap;
import dev.weir.model.Transformer;
import dev.weir.readout.circuit.Circuits.Biases;
import dev.weir.readout.circuit.Circuits.Positions;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.NormSite;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import dev.weir.testing.GoldenModels;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Factored circuits against matrices that are multiplied out in plain Java, and against the scores
/// and writes of runs, on every family.
class CircuitsTest {
  /// Some hundred float64 operations on numbers up to 100.
  private static final double ROUNDING = 1e-9;

  static Stream<String> families() {
    return GoldenModels.names();
  }

  @ParameterizedTest
  @MethodSource("families")
  void everyHeadIsWhatItsWeightsAreWhenMultipliedOut(String name) {
    try (Scope _ = Scope.open();
        Transformer raw = GoldenModels.open(name, DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      Circuits circuits = Circuits.of(folded);
      assertThat(circuits.heads()).hasSize(raw.spec().nLayers() * heads(raw));
      if (!Dense.bareMaps(raw)) {
        return; // Gains that stand between belong to these heads.
      }
      for (Circuits.Head head : circuits.heads()) {
        double[][] ov = Dense.ov(folded.model(), head.layer(), head.head());
        double[][] qk = Dense.qk(folded.model(), head.layer(), head.head());
        FactoredMatrix found = circuits.ov(head.layer(), Biases.LEFT_OUT).at("head", head.head());
        assertThat(Dense.flat(Dense.rows(found.rows(0, found.from()), "from", "to")))
            .containsExactly(Dense.flat(ov), within(ROUNDING));
        assertThat(head.ovNorm()).isCloseTo(Dense.norm(ov), within(ROUNDING));
        assertThat(head.qkNorm()).isCloseTo(Dense.norm(qk), within(ROUNDING));
        double trace = 0;
        for (int i = 0; i < ov.length; i++) {
          trace += ov[i][i];
        }
        double eigenvalues = found.eigenvalues().real().sum().item();
        assertThat(eigenvalues).as("trace").isCloseTo(trace, within(ROUNDING));
        assertThat(head.copying()).isBetween(-1.0, 1.0);
        assertThat(head.ovRank()).isBetween(1.0, (double) found.rank());
      }
    }
  }

  private static int heads(Transformer model) {
    return model.spec().blocks().getFirst().attention().nHeads();
  }

  /// Scores of a run from the weights: what both positions read, with a 1 for the biases, on both
  /// sides of `W_QK` with the distance between them.
  @ParameterizedTest
  @MethodSource("families")
  void queriesAndKeysWithBiasesAndDistanceGiveTheScoresOfARun(String name) {
    try (Scope _ = Scope.open();
        Transformer raw = GoldenModels.open(name, DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      Transformer model = folded.model();
      int layer = model.spec().nLayers() - 1;
      AttentionSpec attention = model.spec().blocks().get(layer).attention();
      if (!Dense.bareMaps(model)
          || !(attention.softcap() instanceof Softcap.Unbounded)
          || model.spec().positions() instanceof PositionCode.Shortformer
          || anglesDependOnTheText(attention.positions())) {
        return; // Scores that are no product of what is read and of a distance.
      }
      HookPoint scorePoint = new HookPoint.AttnScores(layer);
      HookPoint patternPoint = new HookPoint.Pattern(layer);
      try (StreamTrace trace =
          model.trace(
              GoldenModels.tokens(name),
              Capture.of(read(model, layer), scorePoint, patternPoint))) {
        double[][][] expected = perHead(trace.get(scorePoint));
        Tensor read = withOne(trace.get(read(model, layer)));
        Circuits circuits = Circuits.of(folded);
        boolean rotary = attention.positions() instanceof PositionCode.Rotary;
        int length = (int) read.size("pos");
        for (int distance = 0; distance < length; distance++) {
          Positions apart = rotary ? new Positions.Apart(distance) : new Positions.Ignored();
          FactoredMatrix qk = circuits.qk(layer, apart, Biases.AS_A_COORDINATE);
          Tensor queries = read.slice("pos", distance, length - distance);
          Tensor keys = read.slice("pos", 0, length - distance).rename("from", "to");
          double[][] scores =
              Dense.rows(
                  qk.applied(queries).times(keys).sum("to").times(attention.scale()),
                  "head",
                  "pos");
          for (int head = 0; head < scores.length; head++) {
            for (int key = 0; key < length - distance; key++) {
              double score = expected[head][key + distance][key];
              if (Double.isFinite(score)) { // Others are outside of the window.
                assertThat(scores[head][key]).isCloseTo(score, within(ROUNDING));
              }
            }
          }
        }
      }
    }
  }

  private static boolean anglesDependOnTheText(PositionCode positions) {
    return positions instanceof PositionCode.Rotary(_, _, _, PositionCode.RotaryScaling scaling)
        && (scaling instanceof PositionCode.RotaryScaling.DynamicNtk
            || scaling instanceof PositionCode.RotaryScaling.LongRope);
  }

  private static double[][][] perHead(Tensor scores) {
    double[][][] heads = new double[(int) scores.size("head")][][];
    Arrays.setAll(heads, head -> Dense.rows(scores.at("head", head), "query_pos", "key_pos"));
    return heads;
  }

  /// What attention reads, after its norm.
  private static HookPoint read(Transformer model, int layer) {
    return model.spec().blocks().get(layer).ln1() instanceof NormSpec.NoNorm
        ? new HookPoint.AttnIn(layer)
        : new HookPoint.NormNormalized(new NormSite.Ln1(layer));
  }

  /// `[pos, from]`, a 1 behind what is read.
  private static Tensor withOne(Tensor read) {
    Tensor one = read.slice("d_model", 0, 1).times(0).plus(1);
    return Tensor.concat("d_model", List.of(read, one)).rename("d_model", "from");
  }

  @ParameterizedTest
  @MethodSource("families")
  void valuesWithBiasesThroughThePatternGiveTheWritesOfARun(String name) {
    try (Scope _ = Scope.open();
        Transformer raw = GoldenModels.open(name, DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      Transformer model = folded.model();
      if (!Dense.bareMaps(model)) {
        return;
      }
      int layer = model.spec().nLayers() - 1;
      HookPoint result = new HookPoint.HeadResult(layer);
      HookPoint pattern = new HookPoint.Pattern(layer);
      try (StreamTrace trace =
          model.trace(GoldenModels.tokens(name), Capture.of(read(model, layer), pattern, result))) {
        Tensor moved =
            Circuits.of(folded)
                .ov(layer, Biases.AS_A_COORDINATE)
                .applied(withOne(trace.get(read(model, layer))));
        Tensor writes = trace.get(pattern).dot(moved.rename("pos", "key_pos"), "key_pos");
        assertThat(writes.order("query_pos", "head", "to").toDoubles())
            .containsExactly(
                trace.get(result).order("pos", "head", "d_model").toDoubles(), within(ROUNDING));
      }
    }
  }

  @Test
  void tokensThatAHeadPromotesAndAttendsToAreRowsOfTheFullCircuits() {
    String name = "models/gpt2";
    try (Scope _ = Scope.open();
        Transformer raw = GoldenModels.open(name, DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      Transformer model = folded.model();
      double[][] embed = Dense.rows(model.parameters().get("embed.W_E"), "d_vocab", "d_model");
      double[][] unembed = Dense.rows(model.unembedding(), "d_model", "d_vocab");
      double[][] ov = Dense.times(Dense.times(embed, Dense.ov(model, 1, 0)), unembed);
      double[][] qk = Dense.times(Dense.times(embed, Dense.qk(model, 1, 0)), Dense.turned(embed));
      TokenCircuits tokens = TokenCircuits.of(Circuits.of(folded));
      double scale = model.spec().blocks().get(1).attention().scale();
      for (int token : new int[] {0, 7}) {
        TokenWeight.Ends promoted = tokens.promoted(1, 0, token, 2);
        assertThat(promoted.top().getFirst().weight())
            .isCloseTo(Arrays.stream(ov[token]).max().orElseThrow(), within(ROUNDING));
        assertThat(promoted.bottom().getFirst().weight())
            .isCloseTo(Arrays.stream(ov[token]).min().orElseThrow(), within(ROUNDING));
        for (TokenWeight found : promoted.top()) {
          assertThat(ov[token][found.token()]).isCloseTo(found.weight(), within(ROUNDING));
        }
        TokenWeight best =
            tokens.attended(1, 0, token, new Positions.Ignored(), 1).top().getFirst();
        assertThat(best.weight())
            .isCloseTo(scale * Arrays.stream(qk[token]).max().orElseThrow(), within(ROUNDING));
      }
      TokenWeight copied = tokens.copied(1, 0, 1).top().getFirst();
      assertThat(copied.weight()).isCloseTo(ov[copied.token()][copied.token()], within(ROUNDING));
    }
  }

  /// The strongest direction of a map: what is read along it is written, longer by its value.
  @Test
  void strongestDirectionsReadAndWriteWithTheSignsOfTheMap() {
    try (Scope _ = Scope.open();
        Transformer raw = GoldenModels.open("models/gpt2", DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      Circuits circuits = Circuits.of(folded);
      TokenCircuits tokens = TokenCircuits.of(circuits);
      TokenCircuits.Direction first = tokens.ov(0, 1, 3, 4).getFirst();
      FactoredMatrix ov = circuits.ov(0, Biases.LEFT_OUT).at("head", 1);
      assertThat(first.value())
          .isCloseTo(ov.singularValues().at("rank", 0).item(), within(ROUNDING));
      assertThat(tokens.mlp(1, TokenCircuits.MlpMap.OUT, 2, 3)).hasSize(2);
      double squares =
          tokens.mlp(1, TokenCircuits.MlpMap.OUT, 1000, 1).stream()
              .mapToDouble(direction -> direction.value() * direction.value())
              .sum();
      double all = folded.model().parameters().get("blocks.1.mlp.W_out").square().sum().item();
      assertThat(squares).isCloseTo(all, within(ROUNDING));
    }
  }

  // ---------------------------------------------------------------- what is refused

  @ParameterizedTest
  @MethodSource("families")
  void gainsThatAreNotFoldedAreMultipliedIn(String name) {
    try (Scope _ = Scope.open();
        Transformer raw = GoldenModels.open(name, DType.FLOAT64);
        Folded folded = Folding.fold(raw, readingSteps(raw))) {
      Circuits.Head[] expected = Circuits.of(folded).heads().toArray(Circuits.Head[]::new);
      Circuits unfolded = Circuits.of(new Folded(raw, Coordinates.raw()));
      for (Circuits.Head head : unfolded.heads()) {
        Circuits.Head same = expected[head.layer() * heads(raw) + head.head()];
        assertThat(head.copying()).isCloseTo(same.copying(), within(ROUNDING));
        assertThat(head.qkNorm()).isCloseTo(same.qkNorm(), within(ROUNDING));
        assertThat(head.ovNorm()).isCloseTo(same.ovNorm(), within(ROUNDING));
      }
      assertThat(rows(unfolded.qk(0, new Positions.Ignored(), Biases.AS_A_COORDINATE)))
          .containsExactly(
              rows(Circuits.of(folded).qk(0, new Positions.Ignored(), Biases.AS_A_COORDINATE)),
              within(ROUNDING));
    }
  }

  /// What concerns readers alone.
  private static Set<Folding.Step> readingSteps(Transformer model) {
    Set<Folding.Step> steps = EnumSet.copyOf(Folding.possible(model));
    steps.retainAll(
        EnumSet.of(Folding.Step.NORM_BIASES, Folding.Step.NORM_GAINS, Folding.Step.CENTRE_READING));
    return steps;
  }

  private static double[] rows(FactoredMatrix matrix) {
    return matrix.rows(0, matrix.from()).order("head", "from", "to").toDoubles();
  }

  @Test
  void whatCrossesARoutedPathwayIsRefusedAndPointsToContributions() {
    try (Scope _ = Scope.open();
        Transformer raw = EveryModel.open("pathway/ddl/rms/mha", DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      Circuits circuits = Circuits.of(folded);
      assertThat(circuits.heads())
          .allSatisfy(head -> {
            assertThat(head.copying()).isBetween(-1.0, 1.0);
            assertThat(head.tokenCopying()).isEmpty();
          });
      assertThatThrownBy(() -> TokenCircuits.of(circuits))
          .isInstanceOf(CircuitException.class)
          .hasMessageContaining("weir contributions");
      assertThatThrownBy(() ->
              VirtualWeights.of(
                  circuits,
                  new StreamPart.NeuronsOut(0),
                  new StreamPart.NeuronsIn(1),
                  VirtualWeights.Options.strongest(1)))
          .hasMessageContaining("on the pathway DeepDelta")
          .hasMessageContaining("weir contributions");
    }
  }

  @Test
  void localMixersAreRefused() {
    try (Transformer raw = EveryModel.open("mixer/canon-a/rms/mha", DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      assertThatThrownBy(() -> Circuits.of(folded))
          .isInstanceOf(CircuitException.class)
          .hasMessageContaining("mixes neighbouring positions");
    }
  }

  @Test
  void headsTokensAndOffsetsThatDoNotExistAreRefused() {
    try (Scope _ = Scope.open();
        Transformer raw = GoldenModels.open("models/gpt2", DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      Circuits circuits = Circuits.of(folded);
      TokenCircuits tokens = TokenCircuits.of(circuits);
      assertThatThrownBy(() -> tokens.promoted(0, 99, 0, 1)).hasMessageContaining("no head 99");
      assertThatThrownBy(() -> tokens.promoted(77, 0, 0, 1))
          .hasMessageContaining("use blocks 0 to");
      assertThatThrownBy(() -> tokens.promoted(0, 0, -1, 1)).hasMessageContaining("Token -1");
      assertThatThrownBy(() -> circuits.qk(0, new Positions.Apart(1), Biases.LEFT_OUT))
          .hasMessageContaining("not turned by positions");
    }
  }
}
