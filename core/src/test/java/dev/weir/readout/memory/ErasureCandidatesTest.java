package dev.weir.readout.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Folding;
import dev.weir.model.MlpSpec;
import dev.weir.model.Transformer;
import dev.weir.pathway.PreNorm;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import dev.weir.testing.EveryModel;
import java.util.EnumSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ErasureCandidatesTest {

  static Stream<String> models() {
    return EveryModel.names();
  }

  @Test
  void theHeadThatErasesIsTheOnlyCandidate() {
    Planted planted =
        new Planted(new PreNorm())
            .head(0, 0, 0, 1, 6, 1)
            .head(0, 1, 0, 2, 2, 1)
            .head(1, 0, 0, 6, 6, -1)
            .head(1, 1, 0, 1, 5, 3);
    try (Transformer model = planted.model();
        StreamTrace trace = model.trace(Planted.TOKENS, ErasureCandidates.capture())) {
      ErasureCandidates.Reader reader = ErasureCandidates.reader(model, new SplittableRandom(1));
      reader.read(trace);
      ErasureCandidates found = reader.found();
      assertThat(found.heads().stream().filter(ErasureCandidates.Head::erases))
          .singleElement()
          .satisfies(head -> {
            assertThat(head.label()).isEqualTo("L1H0");
            assertThat(head.copying()).isEqualTo(-1);
            assertThat(head.toItself().mean()).isEqualTo(1);
          });
      assertThat(found.heads().get(1).copying()).isEqualTo(1);
      assertThat(found.neurons()).isEmpty();
    }
  }

  /// Cosines in plain Java from the folded model's own weights, where the norms have no gains left.
  @ParameterizedTest
  @ValueSource(strings = {"models/gpt2", "models/llama", "models/phi", "pathway/hc/layer/gqa"})
  void cosinesAreThoseOfTheFoldedWeights(String name) {
    try (Transformer model = EveryModel.open(name, DType.FLOAT64);
        var folded =
            Folding.fold(
                model,
                EnumSet.copyOf(
                    Folding.possible(model).stream()
                        .filter(step ->
                            step != Folding.Step.CENTRE_WRITING
                                && step != Folding.Step.VALUE_BIASES)
                        .toList()))) {
      ErasureCandidates raw = ErasureCandidates.of(model, new SplittableRandom(1));
      Transformer plain = folded.model();
      int d = model.spec().dModel();
      double[] in = rows(plain.parameters().get("blocks.1.mlp.W_in"));
      double[] out = rows(plain.parameters().get("blocks.1.mlp.W_out"));
      List<ErasureCandidates.Neuron> neurons =
          raw.neurons().stream().filter(n -> n.layer() == 1).toList();
      assertThat(neurons).isNotEmpty();
      for (ErasureCandidates.Neuron neuron : neurons) {
        assertThat(neuron.inOut()).isCloseTo(cosine(in, out, neuron.neuron() * d, d), within(1e-9));
        assertThat(neuron.gateOut().isPresent())
            .isEqualTo(model.spec().blocks().get(1).mlp() instanceof MlpSpec.Gated);
      }
      ErasureCandidates again = ErasureCandidates.of(plain, new SplittableRandom(1));
      for (int head = 0; head < raw.heads().size(); head++) {
        assertThat(again.heads().get(head).copying())
            .isCloseTo(raw.heads().get(head).copying(), within(1e-9));
      }
    }
  }

  private static double[] rows(Tensor map) {
    return map.order("d_mlp", "d_model").toDoubles();
  }

  private static double cosine(double[] a, double[] b, int from, int length) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = from; i < from + length; i++) {
      ab += a[i] * b[i];
      aa += a[i] * a[i];
      bb += b[i] * b[i];
    }
    return ab / Math.sqrt(aa * bb);
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyModelHasAnAnswerAndTheSameOneForTheSameSeed(String name) {
    try (Transformer model = EveryModel.open(name, DType.FLOAT32);
        StreamTrace trace = model.trace(EveryModel.tokens(name), ErasureCandidates.capture())) {
      ErasureCandidates.Reader reader = ErasureCandidates.reader(model, new SplittableRandom(1));
      reader.read(trace);
      ErasureCandidates found = reader.found();
      ErasureCandidates again = ErasureCandidates.of(model, new SplittableRandom(1));
      assertThat(again.layers()).isEqualTo(found.layers());
      for (ErasureCandidates.Head head : found.heads()) {
        assertThat(head.toItself().mean()).isBetween(0.0, 1.0);
        if (!Double.isNaN(head.copying())) {
          assertThat(head.copying()).isBetween(-1.00001, 1.00001);
        }
      }
      for (ErasureCandidates.Neuron neuron : found.neurons()) {
        assertThat(neuron.inOut()).isBetween(-1.00001, 1.00001);
      }
    }
  }
}
