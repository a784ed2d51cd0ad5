package dev.weir.readout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.edit.Edit;
import dev.weir.edit.Edits;
import dev.weir.edit.Intervention;
import dev.weir.edit.Target;
import dev.weir.model.Folding;
import dev.weir.model.ModelException;
import dev.weir.model.Norm;
import dev.weir.model.Parameters;
import dev.weir.model.Softcap;
import dev.weir.model.Transformer;
import dev.weir.readout.DirectLogitAttribution.Question;
import dev.weir.readout.DirectLogitAttribution.Scale;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.NormSite;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import dev.weir.testing.EveryModel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What people do wrong with readouts fails here as it should: refused, or said in words, and each
/// time by how much it would have been wrong.
class NegativeControlsOfReadoutsTest {

  static Stream<String> models() {
    return EveryModel.names();
  }

  // ---------------------------------------------------------------- a scale for each part

  @ParameterizedTest
  @MethodSource("models")
  void attributionSaysWhetherItsPartsAddUp(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace =
            model.trace(EveryModel.tokens(name), DirectLogitAttribution.capture())) {
      Question question = new Question.Difference(3, 1);
      var frozen = DirectLogitAttribution.of(model, trace, question);
      var alone = DirectLogitAttribution.of(model, trace, question, Scale.OF_EACH_PART);
      boolean normed = !(model.lnFinal() instanceof Norm.NoNorm);
      for (int i = 0; i < frozen.positions().size(); i++) {
        assertThat(frozen.addsUp(i)).as("%s, frozen", name).isTrue();
        assertThat(Math.abs(frozen.gap(i))).isLessThan(1e-9);
        // Without a final norm there is no scale to get wrong.
        assertThat(alone.addsUp(i)).as("%s, recomputed", name).isEqualTo(!normed);
      }
    }
  }

  /// Each part over its own root mean square, in plain Java.
  @Test
  void partsWithScalesOfTheirOwnMissTheLogitByMoreThanItsSize() {
    String name = "models/llama";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(EveryModel.tokens(name), Decomposition.capture().at(-1))) {
      Question question = new Question.Token(2);
      var alone = DirectLogitAttribution.of(model, trace, question, Scale.OF_EACH_PART);
      double[] gain = model.parameters().get("ln_final.w").toDoubles();
      double[] column = model.unembedding().at("d_vocab", 2).toDoubles();
      Components parts = Decomposition.of(model, trace).full();
      double epsilon = model.lnFinal() instanceof Norm.RmsNorm rms ? rms.epsilon() : Double.NaN;
      double sum = 0;
      for (String label : parts.labels()) {
        double[] part = parts.get(label).toDoubles();
        double square = 0;
        double along = 0;
        for (int i = 0; i < part.length; i++) {
          square += part[i] * part[i] / part.length;
          along += part[i] * gain[i] * column[i];
        }
        double expected = along / Math.sqrt(square + epsilon);
        assertThat(alone.score(label, 0)).as(label).isCloseTo(expected, within(1e-9));
        sum += expected;
      }
      assertThat(alone.gap(0)).isCloseTo(sum - alone.logit(0), within(1e-9));
      assertThat(Math.abs(alone.gap(0))).isGreaterThan(Math.abs(alone.logit(0)));
      assertThat(alone.neurons(0, 0)).isEmpty();
    }
  }

  /// Whoever changes the stream itself adds what nobody wrote.
  @Test
  void aRunThatSomebodyEditedAtTheStreamIsNoLongerTheSumOfItsParts() {
    String name = "models/gpt2";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      Edit zeroed = new Edit(Target.at("blocks.0.hook_resid_mid"), new Intervention.Ablate.Zero());
      try (StreamTrace trace =
          model.trace(
              List.of(EveryModel.tokens(name)),
              DirectLogitAttribution.capture(),
              Edits.of(model, zeroed))) {
        var parts = DirectLogitAttribution.of(model, trace, new Question.Token(2));
        assertThat(parts.addsUp(1)).isFalse();
        assertThat(Math.abs(parts.gap(1))).isGreaterThan(0.01);
      }
    }
  }

  // ---------------------------------------------------------------- centring

  @Test
  void centringTheWritersOfAnRmsModelIsRefusedAndWouldChangeWhatItSays() {
    String name = "models/llama";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      assertThatExceptionOfType(ModelException.class)
          .isThrownBy(() -> Folding.fold(model, Set.of(Folding.Step.CENTRE_WRITING)))
          .withMessageContaining(
              "something reads the stream without a norm that subtracts the mean");
      try (Transformer centred = changed(model, List.of("embed.W_E", "W_O", "W_out"), "d_model")) {
        assertThat(difference(model, centred, EveryModel.tokens(name))).isGreaterThan(0.01);
      }
    }
  }

  @Test
  void centringTheWritersOfALayerNormModelIsAllowedAndChangesNothing() {
    String name = "models/gpt2";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        var folded = Folding.fold(model, Set.of(Folding.Step.CENTRE_WRITING))) {
      assertThat(difference(model, folded.model(), EveryModel.tokens(name))).isLessThan(1e-10);
    }
  }

  @Test
  void centringACappedUnembeddingIsRefusedAndWouldChangeWhatItSays() {
    String name = "models/gemma2";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      assertThatExceptionOfType(ModelException.class)
          .isThrownBy(() -> Folding.fold(model, Set.of(Folding.Step.CENTRE_UNEMBEDDING)))
          .withMessageContaining("its logits are capped");
      double[] capped = probabilities(model.logits(List.of(EveryModel.tokens(name)), Hooks.none()));
      try (StreamTrace trace =
          model.trace(EveryModel.tokens(name), DirectLogitAttribution.capture())) {
        Tensor normed =
            model
                .lnFinal()
                .forward(
                    trace.get(new HookPoint.ResidPost(model.spec().nLayers() - 1)),
                    new NormSite.LnFinal(),
                    Hooks.none());
        Tensor unembedding = model.unembedding();
        double limit = ((Softcap.Tanh) model.spec().finalSoftcap()).limit();
        Tensor logits = normed.dot(unembedding.minus(unembedding.mean("d_vocab")), "d_model");
        double[] centred = probabilities(logits.times(1 / limit).tanh().times(limit));
        assertThat(largest(capped, centred)).isGreaterThan(1e-6);
      }
    }
  }

  /// The same model with some of its weights centred by hand.
  private static Transformer changed(Transformer model, List<String> endings, String axis) {
    TensorOwner owner = new TensorOwner();
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    model
        .parameters()
        .tensors()
        .forEach((name, weight) -> {
          boolean centred = endings.stream().anyMatch(name::endsWith);
          tensors.put(name, owner.own((centred ? weight.minus(weight.mean(axis)) : weight).copy()));
        });
    return Transformer.of(model.spec(), new Parameters(tensors), owner, "centred by hand");
  }

  private static double difference(Transformer a, Transformer b, int[] tokens) {
    return largest(
        probabilities(a.logits(List.of(tokens), Hooks.none())),
        probabilities(b.logits(List.of(tokens), Hooks.none())));
  }

  private static double[] probabilities(Tensor logits) {
    return logits.softmax("d_vocab").toDoubles();
  }

  private static double largest(double[] a, double[] b) {
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
    }
    return largest;
  }

  // ---------------------------------------------------------------- what cannot be asked

  @Test
  void questionsThatARunCannotAnswerAreRefusedInOneLine() {
    String name = "models/gpt2";
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace one =
            model.trace(EveryModel.tokens(name), Contributions.captureSources().at(-1))) {
      assertThatExceptionOfType(ReadoutException.class)
          .isThrownBy(() ->
              Contributions.sources(model, one, Reader.end(model), Contributions.Measure.STREAM, 0))
          .withMessageContaining("Source tokens need the values of every position");
      assertThatExceptionOfType(ReadoutException.class)
          .isThrownBy(() -> DirectLogitAttribution.sources(model, one, new Question.Token(1), 3))
          .withMessageContaining("no kept position 3");
    }
  }
}
