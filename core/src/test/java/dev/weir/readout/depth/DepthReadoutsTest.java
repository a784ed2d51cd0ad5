package dev.weir.readout.depth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.readout.depth.RelativeUpdates.Step;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Influence, angles, updates, predictability and effects against plain arithmetic.
class DepthReadoutsTest {
  private static final String PLAIN = "pathway/pre_norm/layer/gqa";
  private static final int[] TOKENS = EveryModel.tokens(PLAIN);

  private static double[] row(StreamTrace trace, HookPoint point, int at) {
    return trace.get(point).at("pos", at).toDoubles();
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double cosine(double[] a, double[] b) {
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  }

  private static double[] minus(double[] a, double[] b) {
    double[] difference = a.clone();
    for (int i = 0; i < a.length; i++) {
      difference[i] -= b[i];
    }
    return difference;
  }

  @Test
  void influenceAndAnglesAreThoseOfPlainArithmetic() {
    try (Transformer model = EveryModel.open(PLAIN, DType.FLOAT64);
        StreamTrace trace = model.trace(TOKENS, BlockInfluence.capture())) {
      BlockInfluence influence = BlockInfluence.of(model, trace);
      double sum = 0;
      double angles = 0;
      for (int at = 0; at < TOKENS.length; at++) {
        double[] before = row(trace, new HookPoint.ResidPre(1), at);
        sum += 1 - cosine(before, row(trace, new HookPoint.ResidPost(1), at));
        angles += Math.acos(cosine(before, row(trace, new HookPoint.ResidPost(3), at))) / Math.PI;
      }
      // Ten sums in float64.
      assertThat(influence.of(1)).isCloseTo(sum / TOKENS.length, within(1e-12));
      AngularDistance all = AngularDistance.of(model, trace, AngularDistance.Positions.ALL);
      assertThat(all.of(1, 3)).isCloseTo(angles / TOKENS.length, within(1e-12));
      AngularDistance last = AngularDistance.of(model, trace, AngularDistance.Positions.LAST);
      double[] before = row(trace, new HookPoint.ResidPre(0), 9);
      double[] after = row(trace, new HookPoint.ResidPost(0), 9);
      assertThat(last.of(0, 1))
          .isCloseTo(Math.acos(cosine(before, after)) / Math.PI, within(1e-12));
    }
  }

  @Test
  void updatesAreThoseOfPlainArithmetic() {
    try (Transformer model = EveryModel.open(PLAIN, DType.FLOAT64);
        StreamTrace trace = model.trace(TOKENS, RelativeUpdates.capture())) {
      List<Step> steps = RelativeUpdates.of(model, trace).steps();
      assertThat(steps.stream().map(Step::label))
          .startsWith("0_attn", "0_mlp", "1_attn")
          .hasSize(8);
      double written = 0;
      double cosine = 0;
      double consecutive = 0;
      for (int at = 0; at < TOKENS.length; at++) {
        double[] mid = row(trace, new HookPoint.ResidMid(2), at);
        double[] out = row(trace, new HookPoint.MlpOut(2), at);
        written += Math.sqrt(dot(out, out) / dot(mid, mid)) / TOKENS.length;
        cosine += cosine(out, mid) / TOKENS.length;
        consecutive +=
            cosine(out, minus(mid, row(trace, new HookPoint.ResidPre(2), at))) / TOKENS.length;
      }
      Step step = steps.get(5);
      assertThat(step.label()).isEqualTo("2_mlp");
      assertThat(step.written()).isCloseTo(written, within(1e-12));
      // The difference of two streams is the write but for their rounding.
      assertThat(step.update()).isCloseTo(written, within(1e-10));
      assertThat(step.cosine()).isCloseTo(cosine, within(1e-10));
      assertThat(step.cosineToPrevious()).isCloseTo(consecutive, within(1e-10));
      assertThat(steps.getFirst().cosineToPrevious()).isNaN();
    }
  }

  /// Where the pathway adds and nothing else, what is written is what becomes of the stream.
  @ParameterizedTest
  @MethodSource("dev.weir.testing.EveryModel#names")
  void whatIsWrittenIsTheUpdateWhereThePathwayOnlyAdds(String name) {
    try (Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), RelativeUpdates.capture())) {
      for (Step step : RelativeUpdates.of(model, trace).steps()) {
        if (model.pathway().additive()) {
          assertThat(step.update()).isCloseTo(step.written(), within(1e-9 * (1 + step.written())));
        }
        assertThat(step.cosine()).isBetween(-1 - 1e-9, 1 + 1e-9);
      }
    }
  }

  // ---------------------------------------------------------------- predictability

  @Test
  void aLinearWayIsPredictedPerfectlyAndNoiseNotAtAll() {
    SplittableRandom random = new SplittableRandom(1);
    Shape shape = Shape.of("pos", 400, "d_model", 5);
    try (Scope _ = Scope.open();
        PairSums fitted = new PairSums(5);
        PairSums heldOut = new PairSums(5);
        PairSums noise = new PairSums(5)) {
      Tensor map = Tensor.gaussian(Shape.of("d_model", 5, "out", 5), 1, random);
      for (PairSums sums : List.of(fitted, heldOut)) {
        Tensor x = Tensor.gaussian(shape, 1, random).plus(3);
        sums.add(x, x.dot(map, "d_model").rename("out", "d_model").plus(2));
      }
      noise.add(Tensor.gaussian(shape, 1, random), Tensor.gaussian(shape, 1, random));
      // Float32 numbers around 10, a penalty of 1e-9.
      assertThat(heldOut.rSquared(fitted.ridge(1e-9))).isCloseTo(1, within(1e-6));
      assertThat(heldOut.rSquared(fitted.shift())).isLessThan(0.9);
      // 25 coefficients fitted to 400 points explain about 1/80 of noise.
      assertThat(noise.rSquared(noise.ridge(1e-9))).isBetween(0.0, 0.05);
    }
  }

  /// `R²` over plain arrays, residual by residual.
  @Test
  void rSquaredIsThatOfTheResiduals() {
    SplittableRandom random = new SplittableRandom(2);
    Shape shape = Shape.of("pos", 50, "d_model", 3);
    try (Scope _ = Scope.open();
        PairSums sums = new PairSums(3)) {
      Tensor x = Tensor.gaussian(shape, 1, random).plus(1).to(DType.FLOAT64);
      Tensor y = Tensor.gaussian(shape, 1, random).to(DType.FLOAT64).plus(x.square());
      sums.add(x, y);
      AffineMap map = sums.ridge(0.1);
      Tensor predicted = x.dot(map.matrix(), "d_model").plus(map.shift()).rename("out", "d_model");
      double error = y.minus(predicted).square().sum().item();
      double spread = y.minus(y.mean("pos")).square().sum().item();
      assertThat(sums.rSquared(map)).isCloseTo(1 - error / spread, within(1e-12));
      // The normal equations: residuals are orthogonal to x up to the penalty.
      Tensor centred = x.minus(x.mean("pos"));
      Tensor gradient =
          centred.dot(y.minus(predicted).rename("d_model", "out"), "pos").times(1.0 / 50);
      double variance = centred.square().sum().item() / 50 / 3;
      assertThat(gradient.minus(map.matrix().times(0.1 * variance)).abs().sum().item())
          .isCloseTo(0, within(1e-10));
    }
  }

  @Test
  void aRotatedCloudHasProcrustesSimilarityOne() {
    SplittableRandom random = new SplittableRandom(3);
    try (Scope _ = Scope.open();
        PairSums same = new PairSums(4);
        PairSums other = new PairSums(4)) {
      Tensor x = Tensor.gaussian(Shape.of("pos", 100, "d_model", 4), 1, random).to(DType.FLOAT64);
      Tensor rotation = dev.weir.tensor.LinearAlgebra.orthogonal("d_model", "out", 4, random);
      same.add(x, x.dot(rotation, "d_model").rename("out", "d_model").times(7).plus(1));
      other.add(x, Tensor.gaussian(x.shape(), 1, random).to(DType.FLOAT64));
      assertThat(same.procrustes()).isCloseTo(1, within(1e-10));
      assertThat(other.procrustes()).isLessThan(0.5);
    }
  }

  @Test
  void predictabilityHoldsOutEveryFourthText() {
    SplittableRandom random = new SplittableRandom(4);
    try (Transformer model = EveryModel.open(PLAIN, DType.FLOAT32);
        LinearPredictability.Fit fits = LinearPredictability.over(model, 1, 1e-3)) {
      assertThat(fits.enough()).isFalse();
      assertThatThrownBy(fits::fitted).hasMessageContaining("there are only 0");
      for (int text = 0; text < 8; text++) {
        int[] tokens = random.ints(30, 0, 16).toArray();
        try (StreamTrace trace = model.trace(tokens, LinearPredictability.capture())) {
          fits.add(trace);
        }
      }
      assertThat(fits.fitted().scores())
          .hasSize(4)
          .allSatisfy(score -> {
            assertThat(score.rSquared()).isLessThanOrEqualTo(1);
            assertThat(score.procrustes()).isBetween(0.0, 1 + 1e-9);
          });
      assertThatThrownBy(() -> LinearPredictability.over(model, 5, 1))
          .hasMessageContaining("A distance of 5");
    }
  }

  // ---------------------------------------------------------------- effects

  @Test
  void effectsAreMeansOverTextsWithTheirInterval() {
    int[][] texts = {{3, 1, 4, 1, 5, 9}, {2, 6, 5, 3, 5}, {8, 9, 7, 9}};
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(PLAIN, DType.FLOAT64);
        Transformer without = BlockOrder.without(4, List.of(1)).over(model);
        DepthEffects.Reader reader =
            DepthEffects.over(model, List.of(DepthExperiment.skip(model.spec(), 1)))) {
      double[] kl = new double[texts.length];
      for (int i = 0; i < texts.length; i++) {
        reader.add(texts[i]);
        kl[i] = meanKl(model.logits(texts[i]), without.logits(texts[i]));
      }
      DepthEffects effects = reader.effects();
      Estimate expected = Estimate.of(kl);
      Estimate found = effects.effects().getFirst().kl();
      assertThat(found.mean()).isCloseTo(expected.mean(), within(1e-10));
      assertThat(found.low()).isCloseTo(expected.low(), within(1e-10));
      assertThat(found.high()).isCloseTo(expected.high(), within(1e-10));
      assertThat(found.count()).isEqualTo(3);
      assertThat(effects.normal().kl().mean()).isZero();
      assertThat(effects.normal().agreement().mean()).isEqualTo(1);
    }
  }

  private static double meanKl(Tensor normal, Tensor changed) {
    double sum = 0;
    for (int at = 0; at < normal.size("pos"); at++) {
      double[] p = softmax(normal.at("pos", at).toDoubles());
      double[] q = softmax(changed.at("pos", at).toDoubles());
      for (int i = 0; i < p.length; i++) {
        sum += p[i] * Math.log(p[i] / q[i]);
      }
    }
    return sum / normal.size("pos");
  }

  private static double[] softmax(double[] scores) {
    double[] shares = new double[scores.length];
    double total = 0;
    for (int i = 0; i < scores.length; i++) {
      shares[i] = Math.exp(scores[i]);
      total += shares[i];
    }
    for (int i = 0; i < scores.length; i++) {
      shares[i] /= total;
    }
    return shares;
  }

  @Test
  void severalTextsAreReadOneByOne() {
    try (Transformer model = EveryModel.open(PLAIN, DType.FLOAT32);
        StreamTrace trace =
            model.trace(
                List.of(new int[] {1, 2}, new int[] {3, 4}),
                RelativeUpdates.capture(),
                Hooks.none())) {
      assertThatThrownBy(() -> BlockInfluence.of(model, trace))
          .hasMessageContaining("Block influence reads one text, but this trace holds 2");
      assertThatThrownBy(() -> RelativeUpdates.of(model, trace))
          .hasMessageContaining("trace the texts one by one");
    }
  }
}
