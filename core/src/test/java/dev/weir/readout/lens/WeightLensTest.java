package dev.weir.readout.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Norm;
import dev.weir.model.Transformer;
import dev.weir.readout.Transport;
import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class WeightLensTest {

  static Stream<String> models() {
    return EveryModel.names();
  }

  /// RMS and LayerNorm, tied and separate unembeddings, in plain Java.
  @ParameterizedTest
  @ValueSource(strings = {"models/gpt2", "models/llama", "models/qwen3"})
  void aNeuronSpeaksForTheTokensOfItsRow(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      WrittenDirections neuron = WrittenDirections.neuron(model, 1, 3);
      WeightLens.Row row = WeightLens.of(model, neuron, 64).rows().getFirst();
      double[] vector = model.parameters().get("blocks.1.mlp.W_out").at("d_mlp", 3).toDoubles();
      assertThat(neuron.directions().getFirst().vector()).containsExactly(vector);
      double[] logits = plain(model, vector);
      assertThat(row.label()).isEqualTo("L1N3");
      assertThat(row.top()).hasSize(logits.length);
      for (TokenLogit each : row.top()) {
        assertThat(each.logit()).isCloseTo(logits[each.token()], within(1e-12));
      }
      assertThat(row.top().getFirst()).isEqualTo(row.bottom().getLast());
      assertThat(row.bottom().getFirst()).isEqualTo(row.top().getLast());
    }
  }

  private static double[] plain(Transformer model, double[] vector) {
    double mean = 0;
    double[] gain = new double[vector.length];
    switch (model.lnFinal()) {
      case Norm.LayerNorm(Tensor weight, Tensor _, double _) -> {
        gain = weight.toDoubles();
        for (double x : vector) {
          mean += x / vector.length;
        }
      }
      case Norm.RmsNorm rms -> gain = rms.gain().toDoubles();
      case Norm.NoNorm _, Norm.LayerNormPre _, Norm.RmsNormPre _ ->
          throw new AssertionError("not in these models");
    }
    double[] unembedding = model.unembedding().order("d_vocab", "d_model").toDoubles();
    double[] logits = new double[unembedding.length / vector.length];
    for (int token = 0; token < logits.length; token++) {
      for (int i = 0; i < vector.length; i++) {
        logits[token] += (vector[i] - mean) * gain[i] * unembedding[token * vector.length + i];
      }
    }
    return logits;
  }

  /// Through the factors, what a decomposition of the whole matrix gives.
  @ParameterizedTest
  @ValueSource(strings = {"models/gpt2", "models/llama"})
  void singularVectorsOfAHeadAreThoseOfItsWholeMatrix(String name) {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64)) {
      var spec = model.spec().blocks().get(1).attention();
      int head = 2;
      List<Direction> found = WrittenDirections.head(model, 1, head).directions();
      Tensor reads =
          model
              .parameters()
              .get("blocks.1.attn.W_V")
              .at("kv_head", head * spec.nKvHeads() / spec.nHeads())
              .rename("d_model", "read");
      Tensor gain = model.parameters().get("blocks.1.ln1.w").rename("d_model", "read");
      Tensor whole =
          reads
              .times(gain)
              .dot(model.parameters().get("blocks.1.attn.W_O").at("head", head), "d_head");
      LinearAlgebra.Svd svd = LinearAlgebra.svd(whole, "read", "d_model");
      double[] values = svd.s().toDoubles();
      assertThat(found).hasSize(spec.dHead());
      for (int i = 0; i < found.size(); i++) {
        assertThat(found.get(i).length()).isCloseTo(values[i], within(1e-10));
        double cosine = 0;
        double[] vector = svd.v().at("rank", i).toDoubles();
        for (int j = 0; j < vector.length; j++) {
          cosine += vector[j] * found.get(i).vector()[j] / found.get(i).length();
        }
        assertThat(Math.abs(cosine)).isCloseTo(1, within(1e-8));
      }
    }
  }

  /// A direction that a sublayer writes arrives as the transport carries it.
  @ParameterizedTest
  @MethodSource("models")
  void onEveryPathwayADirectionArrivesAsTheRunCarriesIt(String name) {
    int[] tokens = EveryModel.tokens(name);
    int last = tokens.length - 1;
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open(name, DType.FLOAT64);
        StreamTrace trace = model.trace(tokens, WeightLens.capture())) {
      WrittenDirections written = WrittenDirections.headDimension(model, 0, 0, 1);
      WeightLens.Row row = WeightLens.of(model, trace, last, written, 1).rows().getFirst();
      Transport transport = Transport.of(model, trace);
      double[] alone = new double[tokens.length];
      alone[last] = 1;
      Tensor mask = Tensor.of(alone, Shape.of(trace.logits().shape().axis("pos")));
      Tensor vector =
          Tensor.of(
              written.directions().getFirst().vector(),
              Shape.of(new Axis("d_model", model.spec().dModel())));
      Tensor arrived =
          transport.carried(
              mask.times(vector),
              written.site(),
              new HookPoint.ResidPost(model.spec().nLayers() - 1));
      double[] logits =
          transport
              .finalNorm()
              .applied(arrived)
              .at("pos", last)
              .dot(model.unembedding(), "d_model")
              .toDoubles();
      TokenLogit top = row.top().getFirst();
      assertThat(top.logit()).as(name).isCloseTo(logits[top.token()], within(1e-9));
      assertThat(Arrays.stream(logits).max().orElseThrow()).isCloseTo(top.logit(), within(1e-9));
    }
  }

  @Test
  void withoutARunAPathwayThatChangesWritesIsRefused() {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open("pathway/ddl/rms/mha", DType.FLOAT32)) {
      WrittenDirections neuron = WrittenDirections.neuron(model, 0, 0);
      assertThatExceptionOfType(LensException.class)
          .isThrownBy(() -> WeightLens.of(model, neuron, 3))
          .withMessage(
              "What becomes of what a sublayer writes depends on the text on this pathway. Where:"
                  + " pathway. To fix: give a text, whose routing is then used.");
    }
  }

  @Test
  void partsThatAreNotThereAreRefused() {
    try (Scope _ = Scope.open();
        Transformer model = EveryModel.open("models/gpt2", DType.FLOAT32)) {
      assertThatExceptionOfType(LensException.class)
          .isThrownBy(() -> WrittenDirections.neuron(model, 9, 0))
          .withMessage("There is no block 9. Where: model. To fix: use 0 to 1.");
      assertThatExceptionOfType(LensException.class)
          .isThrownBy(() -> WrittenDirections.head(model, 0, 4))
          .withMessage("There is no head 4. Where: model. To fix: use 0 to 3.");
    }
  }
}
