package dev.weir.readout.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Transformer;
import dev.weir.pathway.PreNorm;
import dev.weir.readout.DirectLogitAttribution;
import dev.weir.readout.Estimate;
import dev.weir.readout.Transport;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.testing.EveryModel;
import dev.weir.testing.PathwayModels;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CopySuppressionTest {
  private static final CopySuppression.Options LOWEST =
      new CopySuppression.Options(1, 1000, Optional.empty());

  static Stream<String> models() {
    return PathwayModels.names();
  }

  /// L0H0 lowers the logits of tokens 0 to 3, the only ones in the text; L0H1 raises them.
  private static Planted planted() {
    Planted planted = new Planted(new PreNorm());
    for (int i = 0; i < Planted.D_HEAD; i++) {
      planted.head(0, 0, i, i, i, -2).head(0, 1, i, i, i, 1);
    }
    return planted;
  }

  @Test
  void theHeadThatSuppressesIsFoundByWeightsByRunAndByAblation() {
    try (Transformer model = planted().model();
        StreamTrace trace = model.trace(new int[] {0, 1, 2, 3, 3, 1}, CopySuppression.capture())) {
      CopySuppression.Reader reader =
          CopySuppression.reader(
              model, LOWEST.keepingOnly(new Write.Head(0, 0)), new SplittableRandom(1));
      reader.read(trace);
      CopySuppression found = reader.found();
      CopySuppression.Head suppresses = found.heads().get(0);
      CopySuppression.Head copies = found.heads().get(1);
      // Half of the vocabulary is read by the heads; of the rest nothing is written, so its own
      // logit stands level with all others.
      assertThat(suppresses.lowest().mean()).isEqualTo(0.5);
      assertThat(copies.lowest().mean()).isZero();
      // The own logit of eight less the mean: -2 · (1 − 1/8).
      assertThat(suppresses.effect().mean()).isCloseTo(-1.75, within(1e-12));
      assertThat(copies.effect().mean()).isCloseTo(0.875, within(1e-12));
      assertThat(suppresses.attention().mean()).isEqualTo(1);
      assertThat(found.heads().get(2).effect().mean()).isZero();
      // What it does to logits is all of what it does.
      CopySuppression.Mechanism mechanism = found.mechanism().orElseThrow();
      assertThat(mechanism.zeroed().mean()).isGreaterThan(0.1);
      assertThat(mechanism.kept().mean()).isCloseTo(0, within(1e-12));
      assertThat(mechanism.share()).isCloseTo(1, within(1e-9));
    }
  }

  @Test
  void aHeadThatCopiesHasNoneOfTheMechanism() {
    try (Transformer model = planted().model();
        StreamTrace trace = model.trace(new int[] {0, 1, 2, 3, 3, 1}, CopySuppression.capture())) {
      CopySuppression.Reader reader =
          CopySuppression.reader(
              model, LOWEST.keepingOnly(new Write.Head(0, 1)), new SplittableRandom(1));
      reader.read(trace);
      assertThat(reader.found().mechanism().orElseThrow().share()).isCloseTo(0, within(1e-9));
    }
  }

  /// A text of one repeated token, whose first position nobody but itself looks at: the effect on
  /// its logit is direct logit attribution's, above the mean.
  @ParameterizedTest
  @MethodSource("models")
  void theEffectOnOneTokenIsItsDirectLogitAttribution(String name) {
    int[] tokens = {3, 3, 3, 3, 3, 3};
    try (Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace =
            model.trace(
                tokens,
                CopySuppression.capture()
                    .and(DirectLogitAttribution.capture().globs().toArray(String[]::new)))) {
      CopySuppression.Reader reader =
          CopySuppression.reader(
              model,
              CopySuppression.Options.usual().keepingOnly(new Write.Head(1, 0)),
              new SplittableRandom(1));
      reader.read(trace);
      CopySuppression found = reader.found();
      var parts =
          DirectLogitAttribution.of(model, trace, new DirectLogitAttribution.Question.AboveMean(3));
      double[] fromFirst = ofFirst(model, trace, 1, 0);
      double[] expected = new double[tokens.length - 1];
      for (int i = 1; i < tokens.length; i++) {
        expected[i - 1] = parts.score("L1H0", i) - fromFirst[i];
      }
      CopySuppression.Head head =
          found.heads().stream().filter(h -> h.label().equals("L1H0")).findFirst().orElseThrow();
      Estimate estimate = Estimate.of(expected);
      double size = Math.max(1, Math.abs(estimate.mean()));
      assertThat(head.effect().mean() / size).isCloseTo(estimate.mean() / size, within(1e-9));
      assertThat(found.mechanism()).isPresent();
    }
  }

  /// What a head's look at the first position adds to the logit of token 3 above the mean.
  private static double[] ofFirst(Transformer model, StreamTrace trace, int layer, int head) {
    try (Scope _ = Scope.open()) {
      Transport transport = Transport.of(model, trace);
      var part = transport.headWrites(layer, 0, 1).at("key_pos", 0).at("head", head);
      var end = new HookPoint.ResidPost(model.spec().nLayers() - 1);
      var carried = transport.carried(part, Site.attention(layer), end);
      var normed = transport.finalNorm().applied(carried);
      var unembedding = model.unembedding();
      var direction = unembedding.at("d_vocab", 3).minus(unembedding.mean("d_vocab"));
      return normed.times(direction).sum("d_model").toDoubles();
    }
  }

  @Test
  void aTextOfOneTokenIsRefused() {
    try (Transformer model = planted().model();
        StreamTrace trace = model.trace(new int[] {1}, CopySuppression.capture())) {
      CopySuppression.Reader reader =
          CopySuppression.reader(model, LOWEST, new SplittableRandom(1));
      assertThatExceptionOfType(MemoryException.class)
          .isThrownBy(() -> reader.read(trace))
          .withMessageContaining("has no position after the first");
    }
  }
}
