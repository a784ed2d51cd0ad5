package dev.weir.readout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.model.Softcap;
import dev.weir.model.Transformer;
import dev.weir.readout.LogitLens.Reading;
import dev.weir.readout.LogitLens.Target;
import dev.weir.readout.LogitLens.Variant;
import dev.weir.stream.Hooks;
import dev.weir.stream.NormSite;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LogitLensTest {
  private static final LogitLens.Options USUAL = LogitLens.Options.usual();

  static Stream<String> models() {
    return EveryModel.names();
  }

  /// The lens place by place and number by number, in plain Java.
  @ParameterizedTest
  @MethodSource("models")
  void agreesWithPlainArithmeticPlaceByPlace(String name) {
    int[] tokens = EveryModel.tokens(name);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(tokens, LogitLens.capture(USUAL))) {
      LogitLens lens = LogitLens.of(model, trace, USUAL);
      List<Places.Place> places = Places.SUBLAYERS.of(model.spec());
      assertThat(lens.places()).isEqualTo(places.stream().map(Places.Place::label).toList());
      double[][] last = distributions(model, trace, places.getLast());
      for (int p = 0; p < places.size(); p++) {
        double[][] here = distributions(model, trace, places.get(p));
        for (int i = 0; i < tokens.length; i++) {
          assertReading(lens.at(p, i), here[i], last[i], next(tokens, i, here[i].length));
        }
      }
    }
  }

  /// One of the models scores fewer tokens than it reads.
  private static int next(int[] tokens, int i, int vocab) {
    return i + 1 < tokens.length && tokens[i + 1] < vocab ? tokens[i + 1] : -1;
  }

  private static double[][] distributions(
      Transformer model, StreamTrace trace, Places.Place place) {
    Tensor normalized =
        model.lnFinal().forward(trace.get(place.point()), new NormSite.LnFinal(), Hooks.none());
    double[] logits = model.unembed(normalized).toDoubles();
    int vocab = model.spec().dVocabOut();
    double[][] rows = new double[logits.length / vocab][];
    for (int i = 0; i < rows.length; i++) {
      double[] row = Arrays.copyOfRange(logits, i * vocab, (i + 1) * vocab);
      double total = Math.log(Arrays.stream(row).map(Math::exp).sum());
      rows[i] = Arrays.stream(row).map(x -> x - total).toArray();
    }
    return rows;
  }

  private static void assertReading(Reading reading, double[] here, double[] last, int next) {
    double entropy = 0;
    double kl = 0;
    int target = 0;
    for (int v = 0; v < here.length; v++) {
      entropy -= Math.exp(here[v]) * here[v];
      kl += Math.exp(last[v]) * (last[v] - here[v]);
      target = last[v] > last[target] ? v : target;
    }
    double chosen = here[target];
    long rank = Arrays.stream(here).filter(x -> x > chosen).count();
    assertThat(reading.entropy()).isCloseTo(entropy, within(1e-10));
    assertThat(reading.klToFinal()).isCloseTo(kl, within(1e-10));
    assertThat(reading.target()).isEqualTo(target);
    assertThat(reading.targetProbability()).isCloseTo(Math.exp(chosen), within(1e-10));
    assertThat(reading.targetRank()).isEqualTo((int) rank);
    double largest = Arrays.stream(here).max().orElseThrow();
    assertThat(reading.top().getFirst().probability()).isCloseTo(Math.exp(largest), within(1e-10));
    assertThat(here[reading.top().getFirst().token()]).isEqualTo(largest, within(1e-12));
    if (next >= 0) {
      assertThat(reading.crossEntropy().orElseThrow()).isCloseTo(-here[next], within(1e-10));
    } else {
      assertThat(reading.crossEntropy()).isEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void theLastPlaceIsTheModelsOwnAnswer(String name) {
    int[] tokens = EveryModel.tokens(name);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(tokens, Places.SUBLAYERS.capture())) {
      assumeTrue(model.spec().dVocab() == model.spec().dVocabOut());
      TextScore score = TextScore.of(trace.logits(), tokens, 3);
      for (Variant variant : Variant.values()) {
        LogitLens lens = LogitLens.of(model, trace, USUAL.with(variant));
        int last = lens.places().size() - 1;
        double[] likeliest = trace.logits().max("d_vocab").toDoubles();
        for (int i = 0; i < tokens.length; i++) {
          assertThat(lens.at(last, i).targetLogit()).isCloseTo(likeliest[i], within(1e-10));
        }
        assertThat(lens.meanCrossEntropy(last)).isCloseTo(score.crossEntropy(), within(1e-10));
        assertThat(lens.meanKl(last)).isZero();
        assertThat(lens.agreement(last)).isEqualTo(1);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void aPartOfTheRunReadsAsItDoesInTheWhole(String name) {
    int[] tokens = EveryModel.tokens(name);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(tokens, LogitLens.capture(USUAL));
        StreamTrace part = trace.between(2, 5)) {
      for (Variant variant : Variant.values()) {
        LogitLens whole = LogitLens.of(model, trace, USUAL.with(variant));
        int end = Math.min(3, whole.places().size());
        LogitLens some = LogitLens.of(model, part, USUAL.with(variant), 1, end);
        assertThat(some.places()).isEqualTo(whole.places().subList(1, end));
        assertThat(some.positions()).containsExactly(2, 3, 4);
        for (int place = 0; place < end - 1; place++) {
          for (int index = 0; index < 3; index++) {
            assertSame(some.at(place, index), whole.at(1 + place, 2 + index));
          }
        }
      }
    }
  }

  @Test
  void readsTheSameHoweverFewScoresFitAtATime() {
    String name = "pathway/ddl-sigmoid/rms/mha";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), LogitLens.capture(USUAL))) {
      LogitLens whole = LogitLens.of(model, trace, USUAL);
      for (long scores : new long[] {1, 100, 333, 1000}) {
        LogitLens little = LogitLens.of(model, trace, USUAL, 0, 9, scores);
        for (int place = 0; place < 9; place++) {
          for (int index = 0; index < 10; index++) {
            assertSame(little.at(place, index), whole.at(place, index));
          }
        }
        assertThat(little.agreement(3)).isEqualTo(whole.agreement(3));
      }
    }
  }

  private static void assertSame(Reading some, Reading whole) {
    assertThat(some.entropy()).isCloseTo(whole.entropy(), within(1e-10));
    assertThat(some.klToFinal()).isCloseTo(whole.klToFinal(), within(1e-10));
    assertThat(some.target()).isEqualTo(whole.target());
    assertThat(some.targetLogit()).isCloseTo(whole.targetLogit(), within(1e-10));
    assertThat(some.targetProbability()).isCloseTo(whole.targetProbability(), within(1e-10));
    assertThat(some.targetRank()).isEqualTo(whole.targetRank());
    assertThat(some.crossEntropy().orElse(-1))
        .isCloseTo(whole.crossEntropy().orElse(-1), within(1e-10));
    for (int k = 0; k < some.top().size(); k++) {
      assertThat(some.top().get(k).token()).isEqualTo(whole.top().get(k).token());
      assertThat(some.top().get(k).probability())
          .isCloseTo(whole.top().get(k).probability(), within(1e-10));
    }
  }

  @Test
  void refusesPlacesThatTheStreamLacks() {
    try (Transformer model = EveryModel.open("pathway/ddl-sigmoid/rms/mha", DType.FLOAT32);
        StreamTrace trace = model.trace(new int[] {1, 2}, LogitLens.capture(USUAL))) {
      assertThatExceptionOfType(ReadoutException.class)
          .isThrownBy(() -> LogitLens.of(model, trace, USUAL, 3, 10))
          .withMessageContaining("Places 3 to 10 are no part of the 9 places");
      assertThatExceptionOfType(ReadoutException.class)
          .isThrownBy(() -> LogitLens.of(model, trace, USUAL, 3, 3));
    }
  }

  /// With the final scale, the lens is the running sum of direct logit attribution.
  @Test
  void withTheFinalScaleTheLensIsTheRunningSumOfAttribution() {
    for (String name : List.of("models/gpt2", "models/llama", "models/olmo2")) {
      try (Scope _ = Scope.open();
          Transformer model = EveryModel.open(name, DType.FLOAT64);
          StreamTrace trace =
              model.trace(EveryModel.tokens(name), Decomposition.capture().at(-1))) {
        assertThat(model.spec().finalSoftcap()).isInstanceOf(Softcap.Unbounded.class);
        LogitLens.Options options =
            USUAL.with(Variant.FINAL_SCALE).with(Places.LAYERS).with(new Target.Token(2));
        LogitLens lens = LogitLens.of(model, trace, options);
        LogitLens other = LogitLens.of(model, trace, options.with(new Target.Token(7)));
        double atLens =
            Math.log(lens.at(1, 0).targetProbability() / other.at(1, 0).targetProbability());
        var parts =
            DirectLogitAttribution.of(
                model, trace, new DirectLogitAttribution.Question.Difference(2, 7));
        double later =
            parts.parts(0).stream()
                .filter(part -> part.label().matches("L1H.*|1_.*"))
                .mapToDouble(DirectLogitAttribution.Part::score)
                .sum();
        assertThat(atLens).as(name).isCloseTo(parts.total(0) - later, within(1e-9));
      }
    }
  }

  /// What was written up to a place, carried there and not further, says what the lens says there.
  @ParameterizedTest
  @MethodSource("models")
  void withTheFinalScaleTheLensIsTheRunningSumOfAttributionOnEveryPathway(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Decomposition.capture())) {
      LogitLens.Options options = USUAL.with(Variant.FINAL_SCALE).with(new Target.Token(2));
      LogitLens lens = LogitLens.of(model, trace, options);
      LogitLens other = LogitLens.of(model, trace, options.with(new Target.Token(7)));
      List<Places.Place> places = Places.SUBLAYERS.of(model.spec());
      for (int p = 0; p < places.size(); p++) {
        double[] two = summed(model, trace, places.get(p), 2);
        double[] seven = summed(model, trace, places.get(p), 7);
        for (int i = 0; i < two.length; i++) {
          double atLens =
              Math.log(lens.at(p, i).targetProbability() / other.at(p, i).targetProbability());
          // Streams without norms grow until a probability is too small for a double.
          if (Double.isFinite(atLens)) {
            assertThat(atLens)
                .as("%s at %s", name, places.get(p).label())
                .isCloseTo(two[i] - seven[i], within(1e-8));
          }
        }
      }
    }
  }

  /// The parts of a logit up to a place, added up and capped, `[pos]`.
  private static double[] summed(
      Transformer model, StreamTrace trace, Places.Place place, int token) {
    Writes writes = new Writes("test", model, trace);
    FrozenNorm norm = writes.finalNorm();
    LogitQuestion asked =
        LogitQuestion.of(model, trace, new DirectLogitAttribution.Question.Token(token), norm);
    double[] sum = asked.constants().clone();
    new Along(writes, norm.before(asked.readout()), writes.place(place.point()))
        .each((_, _, scores) -> Arrays.setAll(sum, i -> sum[i] + scores[i]));
    return model.spec().finalSoftcap() instanceof Softcap.Tanh(double limit)
        ? Arrays.stream(sum).map(x -> limit * Math.tanh(x / limit)).toArray()
        : sum;
  }

  @Test
  void onePositionReadsLikeAllOfThem() {
    String name = "models/gemma2";
    int[] tokens = EveryModel.tokens(name);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace all = model.trace(tokens, LogitLens.capture(USUAL));
        StreamTrace one = model.trace(tokens, LogitLens.capture(USUAL).at(5))) {
      Reading alone = LogitLens.of(model, one, USUAL).at(1, 0);
      Reading among = LogitLens.of(model, all, USUAL).at(1, 5);
      assertThat(alone.klToFinal()).isCloseTo(among.klToFinal(), within(1e-12));
      assertThat(alone.crossEntropy().orElseThrow())
          .isCloseTo(among.crossEntropy().orElseThrow(), within(1e-12));
    }
  }

  @Test
  void saysWhichNormItUsed() {
    try (Scope _ = Scope.open();
        Transformer gpt2 = EveryModel.open("models/gpt2", DType.FLOAT32);
        Transformer postNorm = EveryModel.open("pathway/post_norm/layer/mha", DType.FLOAT32);
        StreamTrace a = gpt2.trace(new int[] {1, 2}, LogitLens.capture(USUAL));
        StreamTrace b = postNorm.trace(new int[] {1, 2}, LogitLens.capture(USUAL))) {
      assertThat(LogitLens.of(gpt2, a, USUAL).norm()).isEqualTo("final norm recomputed");
      assertThat(LogitLens.of(gpt2, a, USUAL.with(Variant.FINAL_SCALE)).norm())
          .isEqualTo("final norm with the scale of the final stream");
      assertThat(LogitLens.of(postNorm, b, USUAL).norm()).isEqualTo("no final norm");
    }
  }

  @Test
  void aTokenOutsideTheVocabularyIsRefused() {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open("models/gpt2", DType.FLOAT32);
        StreamTrace trace = model.trace(new int[] {1, 2}, LogitLens.capture(USUAL))) {
      assertThatExceptionOfType(ReadoutException.class)
          .isThrownBy(() -> LogitLens.of(model, trace, USUAL.with(new Target.Token(-1))))
          .withMessage(
              "Token -1 does not exist in a vocabulary of 64. Where: target. To fix: use an id from 0"
                  + " to 63.");
    }
  }
}
