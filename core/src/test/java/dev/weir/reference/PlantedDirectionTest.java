package dev.weir.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.edit.Edits;
import dev.weir.model.AttentionSpec;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.readout.probe.LinearProbe;
import dev.weir.readout.probe.ProbeData;
import dev.weir.readout.probe.ProbeKind;
import dev.weir.readout.probe.ProbeSweep;
import dev.weir.readout.probe.Rows;
import dev.weir.readout.steer.DirectionalAblation;
import dev.weir.readout.steer.SteeringVector;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A model written by hand in which one direction alone decides the answer: tokens come in pairs
/// that differ along it, the answer YES reads it and the answer NO reads its opposite.
class PlantedDirectionTest {
  private static final int WIDTH = 12;
  private static final int PAIRS = WIDTH;
  private static final int NO = 2 * PAIRS;
  private static final int YES = NO + 1;
  private static final int TOKENS = YES + 1;
  private static final HookPoint STREAM = new HookPoint.ResidPre(0);

  /// The planted direction is the first of a rotated basis; each pair of tokens but the first has
  /// one of its own, so that the stream varies in all of them.
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  private record Planted(Transformer model, double[][] basis) {}

  private static void with(Consumer<Planted> test) {
    try (Scope _ = Scope.open()) {
      double[] flat =
          LinearAlgebra.orthogonal("row", "column", WIDTH, new SplittableRandom(8)).toDoubles();
      double[][] basis = new double[WIDTH][WIDTH];
      for (int i = 0; i < WIDTH; i++) {
        System.arraycopy(flat, i * WIDTH, basis[i], 0, WIDTH);
      }
      try (Transformer model = model(basis)) {
        test.accept(new Planted(model, basis));
      }
    }
  }

  private static Transformer model(double[][] basis) {
    double[] embed = new double[TOKENS * WIDTH];
    double[] unembed = new double[TOKENS * WIDTH];
    for (int token = 0; token < NO; token++) {
      for (int i = 0; i < WIDTH; i++) {
        embed[token * WIDTH + i] =
            (token % 2 == 0 ? -1 : 1) * basis[0][i] + (token < 2 ? 0 : 2 * basis[token / 2][i]);
      }
    }
    for (int i = 0; i < WIDTH; i++) {
      unembed[NO * WIDTH + i] = -3 * basis[0][i];
      unembed[YES * WIDTH + i] = 3 * basis[0][i];
    }
    HandBuilt built = new HandBuilt();
    built.put("embed.W_E", tensor(embed), "d_vocab d_model", TOKENS, WIDTH);
    built.put("unembed.W_U", tensor(unembed), "d_vocab d_model", TOKENS, WIDTH);
    built.put("pos_embed.W_pos", tensor(new double[WIDTH]), "n_ctx d_model", 1, WIDTH);
    for (String map : List.of("W_Q", "W_K", "W_V", "W_O")) {
      String head = map.equals("W_K") || map.equals("W_V") ? "kv_head" : "head";
      built.put(
          "blocks.0.attn." + map,
          tensor(new double[2 * WIDTH]),
          map.equals("W_O") ? head + " d_head d_model" : head + " d_model d_head",
          map.equals("W_O") ? new long[] {1, 2, WIDTH} : new long[] {1, WIDTH, 2});
    }
    TransformerSpec spec =
        HandBuilt.spec(
            WIDTH,
            TOKENS,
            1,
            1,
            HandBuilt.attention(1, 2, new AttentionSpec.Visibility.Causal(), false, 1),
            new MlpSpec.NoMlp(),
            new NormSpec.NoNorm(),
            TransformerSpec.Unembedding.SEPARATE);
    return built.build(spec, DType.FLOAT64);
  }

  private static Tensor tensor(double... numbers) {
    return Tensor.of(numbers, Shape.of("all", numbers.length));
  }

  /// `ln p(YES) − ln p(NO)` after a token.
  private static double answer(Planted planted, int token, Hooks hooks) {
    Tensor logits = planted.model.logits(List.of(new int[] {token}), hooks);
    double[] scores = logits.at("batch", 0).at("pos", 0).toDoubles();
    return scores[YES] - scores[NO];
  }

  @ParameterizedTest
  @EnumSource
  void everyProbeOfTheStreamFindsIt(ProbeKind kind) {
    with(planted -> {
      double[][] values = new double[NO][];
      int[] classes = new int[NO];
      for (int token = 0; token < NO; token++) {
        classes[token] = token % 2;
        values[token] = stream(planted, token);
      }
      boolean logistic = kind == ProbeKind.LOGISTIC;
      LinearProbe probe =
          kind.fit(Rows.ofClasses(values, classes, List.of("no", "yes")), logistic ? 1e-3 : 1e-10);
      // Classes that can be separated need a penalty on the logistic probe's weights; it is on
      // standardised values, and so leans towards coordinates that vary more.
      double bound = logistic ? 0.95 : 1 - 1e-9;
      assertThat(cosine(probe.direction(1), planted.basis[0])).isGreaterThan(bound);
    });
  }

  private static double[] stream(Planted planted, int token) {
    try (StreamTrace trace = planted.model.trace(new int[] {token}, Capture.of(STREAM))) {
      return trace.get(STREAM).toDoubles();
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyProbeReadsItInTokensItHasNotSeen(ProbeKind kind) {
    with(planted -> {
      try (ProbeData data =
          ProbeData.open(planted.model, List.of(new ProbeData.Place(STREAM, -1)))) {
        for (int token = 0; token < NO; token++) {
          data.add(new int[] {token}, token % 2 == 0 ? "no" : "yes");
        }
        ProbeSweep sweep = ProbeSweep.of(data, ProbeSweep.Options.of(kind), _ -> {});
        assertThat(sweep.best().score().mean()).isEqualTo(1);
        assertThat(sweep.best().selectivity()).isPositive();
      }
    });
  }

  private static double cosine(double[] a, double[] b) {
    double dot = 0;
    double left = 0;
    double right = 0;
    for (int i = 0; i < a.length; i++) {
      dot += a[i] * b[i];
      left += a[i] * a[i];
      right += b[i] * b[i];
    }
    return dot / Math.sqrt(left * right);
  }

  private static SteeringVector contrast(Planted planted) {
    SteeringVector.Contrast contrast = new SteeringVector.Contrast(planted.model, STREAM, -1);
    for (int token = 0; token < NO; token += 2) {
      contrast.minus(token);
      contrast.plus(token + 1);
    }
    return contrast.vector();
  }

  @Test
  void theContrastOfPairsIsTheDirectionAndFlipsTheAnswer() {
    with(planted -> {
      SteeringVector vector = contrast(planted);
      assertThat(cosine(vector.direction(), planted.basis[0])).isCloseTo(1, within(1e-14));
      assertThat(vector.lengths()[0]).isCloseTo(2, within(1e-14));
      Hooks add = Edits.of(planted.model, vector.adding(1));
      Hooks take = Edits.of(planted.model, vector.adding(-1));
      for (int token = 0; token < NO; token += 2) {
        assertThat(answer(planted, token, Hooks.none())).isCloseTo(-6, within(1e-12));
        assertThat(answer(planted, token, add)).isCloseTo(6, within(1e-12));
        assertThat(answer(planted, token + 1, take)).isCloseTo(-6, within(1e-12));
      }
    });
  }

  @Test
  void ablatingItRemovesTheAnswerAndAblatingAnyOtherDoesNothing() {
    with(planted -> {
      for (int i = 0; i < WIDTH; i++) {
        SteeringVector vector = SteeringVector.everywhere(STREAM, planted.basis[i]);
        Hooks ablated = Edits.of(planted.model, vector.ablating());
        try (Transformer without = DirectionalAblation.without(planted.model, vector)) {
          double expected = i == 0 ? 0 : 6;
          assertThat(answer(planted, 1, ablated)).isCloseTo(expected, within(1e-12));
          assertThat(answer(new Planted(without, planted.basis), 1, Hooks.none()))
              .isCloseTo(expected, within(1e-12));
        }
      }
    });
  }

  @Test
  void selectionFindsItAndJudgesIt() {
    with(planted -> {
      List<int[]> yes = List.of(new int[] {1}, new int[] {3});
      List<int[]> no = List.of(new int[] {0}, new int[] {2});
      DirectionalAblation.Options options =
          new DirectionalAblation.Options(Set.of(YES), 1, 0.8, 10, -1);
      DirectionalAblation found = DirectionalAblation.of(planted.model, yes, no, options);
      DirectionalAblation.Candidate best = found.best().orElseThrow();
      assertThat(cosine(best.vector().direction(), planted.basis[0])).isCloseTo(1, within(1e-14));
      // Without the direction all tokens are as likely: log-odds 1 against the others.
      assertThat(best.ablation()).isCloseTo(-Math.log(TOKENS - 1), within(1e-12));
      double others = TOKENS - 2 + Math.exp(-3);
      assertThat(best.steering()).isCloseTo(3 - Math.log(others), within(1e-12));
      DirectionalAblation.Options strict = DirectionalAblation.Options.usual(Set.of(YES));
      assertThat(DirectionalAblation.of(planted.model, yes, no, strict).best()).isEmpty();
    });
  }
}
