package dev.weir.readout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.weir.model.MlpSpec;
import dev.weir.model.Transformer;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import dev.weir.testing.Golden;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DecompositionTest {

  /// Float64 throughout; what remains is the order of summation. Streams are of size 1 to 1000.
  private static final double EXACT = 1e-10;

  static Stream<String> models() {
    return EveryModel.names();
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyStackSumsToTheStreamItDecomposes(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Decomposition.capture())) {
      for (Places.Place place : Places.SUBLAYERS.of(model.spec())) {
        try (Scope _ = Scope.open()) {
          Decomposition parts = Decomposition.of(model, trace).upTo(place.point());
          double[] stream = parts.stream().toDoubles();
          same(parts.perLayer().sum(), stream, name + " per layer to " + place.label());
          same(parts.full().sum(), stream, name + " full to " + place.label());
          same(parts.accumulated().get(place.label()), stream, name + " accumulated");
          if (place.point() instanceof HookPoint.ResidPost) {
            same(parts.perHead().sum(), stream, name + " per head");
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void theRemainderIsWhatHeadsDidNotWrite(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Decomposition.capture())) {
      Decomposition parts = Decomposition.of(model, trace);
      Components full = parts.full();
      List<String> others =
          full.labels().stream().filter(label -> !label.matches("L\\d+H\\d+")).toList();
      Tensor rest = Tensor.stack("component", others.stream().map(full::get).toList());
      same(rest.sum("component"), parts.perHead().get("remainder").toDoubles(), name);
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void sourceTokensOfAllHeadsSumToWhatAttentionWrote(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Decomposition.captureSources())) {
      Decomposition parts = Decomposition.of(model, trace);
      Writes writes = new Writes("test", model, trace);
      Tensor sum = parts.sources(0).sum("head", "key_pos").rename("query_pos", "pos");
      Tensor whole =
          writes.bias(writes.sites().getFirst()).map(sum::plus).orElse(sum).order("pos", "d_model");
      same(whole, trace.get(new HookPoint.AttnOut(0)).toDoubles(), name);
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void neuronsAndTheBiasPointAsFarAsTheMlp(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Decomposition.capture())) {
      if (model.spec().blocks().getFirst().mlp() instanceof MlpSpec.NoMlp) {
        return;
      }
      Tensor direction =
          Tensor.gaussian(
                  Shape.of(new Axis("d_model", model.spec().dModel())), 1, new SplittableRandom(3))
              .to(DType.FLOAT64);
      Decomposition parts = Decomposition.of(model, trace);
      Tensor neurons = parts.neurons(0, direction).sum("d_mlp");
      Writes writes = new Writes("test", model, trace);
      int site = writes.sites().indexOf(Site.mlp(0));
      Tensor bias =
          writes
              .bias(writes.sites().get(site))
              .map(b -> b.shape().has("pos") ? b : b.repeat(neurons.shape().axis("pos")))
              .map(b ->
                  writes.pathway().carried(b, new FrozenPathway.Origin.Write(site), writes.end()))
              .map(b -> b.dot(direction, "d_model"))
              .orElse(neurons.times(0));
      Tensor mlp = parts.perLayer().get("0_mlp_out").dot(direction, "d_model");
      same(neurons.plus(bias), mlp.toDoubles(), name);
    }
  }

  @Test
  void labelsSayWhichPartIsWhich() {
    String name = "models/gpt2";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT32);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Decomposition.capture().at(-1))) {
      Decomposition parts = Decomposition.of(model, trace).upTo(new HookPoint.ResidMid(1));
      assertThat(parts.accumulated().labels()).containsExactly("0_pre", "0_mid", "1_pre", "1_mid");
      assertThat(parts.perLayer().labels())
          .containsExactly("embed", "pos_embed", "0_attn_out", "0_mlp_out", "1_attn_out");
      assertThat(parts.perHead().labels())
          .containsExactly(
              "L0H0", "L0H1", "L0H2", "L0H3", "L1H0", "L1H1", "L1H2", "L1H3", "remainder");
      assertThat(parts.full().labels())
          .containsExactly(
              "embed",
              "pos_embed",
              "L0H0",
              "L0H1",
              "L0H2",
              "L0H3",
              "0_mlp_out",
              "L1H0",
              "L1H1",
              "L1H2",
              "L1H3",
              "bias");
      assertThat(parts.full().values().size("pos")).isEqualTo(1);
    }
  }

  @Test
  void impossibleQuestionsAreRefusedInOneLine() {
    String name = "models/gpt-neox-parallel";
    int[] tokens = EveryModel.tokens(name);
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT32);
        StreamTrace one = model.trace(tokens, Decomposition.captureSources().at(-1));
        StreamTrace two =
            model.trace(List.of(tokens, tokens), Capture.matching("*"), Hooks.none())) {
      Decomposition parts = Decomposition.of(model, one);
      assertThatExceptionOfType(ReadoutException.class)
          .isThrownBy(() -> parts.upTo(new HookPoint.ResidMid(0)))
          .withMessage(
              "The stream of this model has no place 'blocks.0.hook_resid_mid' to decompose. Where:"
                  + " decomposition. To fix: use a hook_resid_pre, hook_resid_mid or hook_resid_post"
                  + " of the model.");
      assertThatExceptionOfType(ReadoutException.class)
          .isThrownBy(() -> parts.sources(0))
          .withMessage(
              "Source tokens need the values of every position, but this trace kept one. Where: block"
                  + " 0. To fix: capture every position.");
      assertThatExceptionOfType(ReadoutException.class)
          .isThrownBy(() -> parts.full().get("L9H9"))
          .withMessage(
              "Nothing in this model is called 'L9H9'. Where: readout. To fix: use a label such as"
                  + " embed, L0H3, 0_mlp_out or 0_attn_bias.");
      assertThatExceptionOfType(ReadoutException.class)
          .isThrownBy(() -> Decomposition.of(model, two))
          .withMessage(
              "A decomposition reads one text, but this trace holds 2. Where: trace. To fix: trace the"
                  + " texts one by one.");
    }
  }

  private static void same(Tensor ours, double[] expected, String what) {
    assertThat(Golden.largestDifference(ours.toDoubles(), expected)).as(what).isLessThan(EXACT);
  }
}
