package dev.weir.readout.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.CrossEntropy;
import dev.weir.model.Folded;
import dev.weir.model.Transformer;
import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.testing.EveryModel;
import dev.weir.testing.GoldenModels;
import dev.weir.testing.PlantedModels;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Paths of attention-only models add up to what the model says.
class PathExpansionTest {
  /// Some hundred float64 operations on numbers up to 100.
  private static final double ROUNDING = 1e-9;

  @ParameterizedTest
  @ValueSource(
      strings = {"transformer_lens/attn-only-standard", "transformer_lens/attn-only-shortformer"})
  void allPathsAddUpToTheLogitsAndAllOrdersToTheLoss(String name) {
    try (Scope _ = Scope.open();
        Transformer raw = GoldenModels.open(name, DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      Transformer model = folded.model();
      int[] tokens = GoldenModels.tokens(name);
      int layers = model.spec().nLayers();
      int heads = model.spec().blocks().getFirst().attention().nHeads();
      try (StreamTrace trace = model.trace(tokens, PathExpansion.capture())) {
        for (int shift = 0; shift < 3; shift++) {
          int by = shift;
          int[] targets =
              Arrays.stream(tokens).map(token -> (token + by) % model.spec().dVocab()).toArray();
          PathExpansion paths = PathExpansion.of(Circuits.of(folded), trace, targets, layers);
          long embed = paths.paths().stream().filter(p -> p.start().equals("embed")).count();
          assertThat(embed).isEqualTo(Math.round(Math.pow(1 + heads, layers)));
          for (int i = 0; i < tokens.length; i++) {
            int position = i;
            double sum = paths.paths().stream().mapToDouble(p -> p.scores()[position]).sum();
            double logit = trace.logits().at("pos", i).at("d_vocab", targets[i]).item();
            assertThat(sum + paths.constant(i)).isCloseTo(logit, within(ROUNDING));
            assertThat(paths.total(i)).isCloseTo(logit, within(ROUNDING));
          }
          assertThat(paths.orders()).hasSize(layers + 1);
          assertThat(paths.orders().getLast().crossEntropy())
              .isCloseTo(CrossEntropy.of(trace.logits(), tokens).mean(), within(ROUNDING));
        }
      }
    }
  }

  /// A path through two heads is a virtual head: its pattern is the product of both patterns, its
  /// map the product of both maps.
  @Test
  void aPathThroughTwoHeadsIsAVirtualHead() {
    String name = "transformer_lens/attn-only-standard";
    try (Scope _ = Scope.open();
        Transformer raw = GoldenModels.open(name, DType.FLOAT64);
        Folded folded = Circuits.fold(raw)) {
      Transformer model = folded.model();
      int[] tokens = GoldenModels.tokens(name);
      try (StreamTrace trace = model.trace(tokens, PathExpansion.capture())) {
        PathExpansion paths = PathExpansion.of(Circuits.of(folded), trace, tokens, 2);
        PathExpansion.Path path =
            paths.paths().stream()
                .filter(p -> p.label().equals("embed L0H1 L1H0"))
                .findFirst()
                .orElseThrow();
        double[][] value = Dense.rows(trace.get(new HookPoint.Embed()), "pos", "d_model");
        value = through(model, trace, 0, 1, value);
        value = through(model, trace, 1, 0, value);
        value = scaled(trace, "ln_final", value);
        double[][] unembed = Dense.rows(model.unembedding(), "d_model", "d_vocab");
        double[][] logits = Dense.times(value, unembed);
        for (int i = 0; i < tokens.length; i++) {
          assertThat(path.scores()[i]).isCloseTo(logits[i][tokens[i]], within(ROUNDING));
        }
      }
    }
  }

  private static double[][] through(
      Transformer model, StreamTrace trace, int layer, int head, double[][] value) {
    double[][] pattern =
        Dense.rows(
            trace.get(new HookPoint.Pattern(layer)).at("head", head), "query_pos", "key_pos");
    double[][] read = scaled(trace, "blocks.%d.ln1".formatted(layer), value);
    return Dense.times(pattern, Dense.times(read, Dense.ov(model, layer, head)));
  }

  /// Without its mean and divided by the scale of the run; with a stream whose mean is 0 the mean
  /// changes nothing.
  private static double[][] scaled(StreamTrace trace, String norm, double[][] value) {
    HookPoint point = HookPoint.parse(norm + ".hook_scale");
    if (!trace.has(point)) {
      return value;
    }
    double[] scale = trace.get(point).toDoubles();
    return IntStream.range(0, value.length)
        .mapToObj(i -> {
          double mean = Arrays.stream(value[i]).average().orElseThrow();
          return Arrays.stream(value[i]).map(x -> (x - mean) / scale[i]).toArray();
        })
        .toArray(double[][]::new);
  }

  @Test
  void mlpsRoutedPathwaysAndTooManyPathsAreRefused() {
    assertRefused("models/gpt2", "block 0 has an MLP");
    assertRefused("pathway/denseformer/rms/mha", "on the pathway DenseFormer");
    try (Scope _ = Scope.open();
        Transformer raw = PlantedModels.induction(DType.FLOAT64);
        Folded folded = Circuits.fold(raw);
        StreamTrace trace = folded.model().trace(new int[] {1, 2}, PathExpansion.capture())) {
      assertThatThrownBy(() -> PathExpansion.of(Circuits.of(folded), trace, new int[] {1}, 2))
          .hasMessageContaining("1 targets for 2 positions");
    }
  }

  private static void assertRefused(String name, String message) {
    try (Scope _ = Scope.open();
        Transformer raw = EveryModel.open(name, DType.FLOAT64);
        Folded folded = Circuits.fold(raw);
        StreamTrace trace =
            folded.model().trace(EveryModel.tokens(name), PathExpansion.capture())) {
      int[] targets = EveryModel.tokens(name);
      assertThatThrownBy(() -> PathExpansion.of(Circuits.of(folded), trace, targets, 2))
          .isInstanceOf(CircuitException.class)
          .hasMessageContaining(message);
    }
  }
}
