package dev.weir.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Activation;
import dev.weir.model.AttentionSpec;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.ParameterLayout;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.stream.Hooks;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.testing.SharedData;
import dev.weir.weights.Safetensors;
import dev.weir.weights.WeightEntry;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A transformer trained on a hidden Markov process (Shai et al. 2024, arXiv:2405.15943): its cross
/// entropy over every prefix, weighted by the prefix's exact probability.
class BeliefGeometryTest {
  private static final int LENGTH = 9;
  private static final int SEQUENCES = 19_683;

  @Test
  void crossEntropyOverAllPrefixes() {
    double[][][] transitions = transitions();
    double total = 0;
    try (Scope _ = Scope.open();
        Safetensors file =
            Safetensors.open(SharedData.require("belief-geometry/mess3_fast.safetensors"));
        Transformer model = model(file)) {
      int batch = SEQUENCES / 27;
      for (int from = 0; from < SEQUENCES; from += batch) {
        total += crossEntropy(model, sequences(from, batch), transitions);
      }
    }
    // The model runs in float32; the published figure has six digits.
    assertThat(total).isCloseTo(0.804016879, within(5e-7));
  }

  /// By causality the prefixes of all sequences of length 9 are all prefixes.
  private static List<int[]> sequences(int from, int count) {
    List<int[]> sequences = new ArrayList<>();
    for (int n = from; n < from + count; n++) {
      int[] symbols = new int[LENGTH];
      int rest = n;
      for (int i = LENGTH - 1; i >= 0; i--) {
        symbols[i] = rest % 3;
        rest /= 3;
      }
      sequences.add(symbols);
    }
    return sequences;
  }

  /// The part of the expected cross entropy that these sequences contribute, nats.
  private static double crossEntropy(
      Transformer model, List<int[]> sequences, double[][][] transitions) {
    try (Scope _ = Scope.open()) {
      double[] logs = model.logits(sequences, Hooks.none()).logSoftmax("d_vocab").toDoubles();
      double sum = 0;
      for (int row = 0; row < sequences.size(); row++) {
        sum += expected(sequences.get(row), logs, row * LENGTH * 3, transitions);
      }
      return sum;
    }
  }

  private static double expected(int[] symbols, double[] logs, int at, double[][][] transitions) {
    double[] weight = {1.0 / 3, 1.0 / 3, 1.0 / 3}; // State and prefix together.
    double[] surprise = new double[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
      weight = step(weight, transitions[symbols[i]]);
      double prefix = sum(weight);
      for (int next = 0; next < 3; next++) {
        double probability = sum(step(weight, transitions[next])) / prefix;
        surprise[i] -= probability * logs[at + 3 * i + next];
      }
    }
    // The whole sequence's probability times the mean surprise along it.
    return sum(weight) * sum(surprise) / LENGTH;
  }

  static double[] step(double[] weight, double[][] transition) {
    double[] after = new double[3];
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        after[j] += weight[i] * transition[i][j];
      }
    }
    return after;
  }

  static double sum(double[] numbers) {
    double sum = 0;
    for (double number : numbers) {
      sum += number;
    }
    return sum;
  }

  static double[][][] transitions() {
    JsonNode node =
        JsonMapper.shared()
            .readTree(SharedData.require("belief-geometry/reference_mess3.json").toFile())
            .path("hmm")
            .path("T");
    return JsonMapper.shared().treeToValue(node, double[][][].class);
  }

  /// The file has TransformerLens's names and layouts, but no config.
  static Transformer model(Safetensors file) {
    TransformerSpec spec =
        HandBuilt.spec(
            64,
            3,
            10,
            4,
            HandBuilt.attention(1, 8, new AttentionSpec.Visibility.Causal(), true, 1),
            new MlpSpec.Plain(256, Activation.RELU, true),
            new NormSpec.LayerNorm(1e-5),
            TransformerSpec.Unembedding.SEPARATE_WITH_BIAS);
    HandBuilt built = new HandBuilt();
    for (String name : ParameterLayout.of(spec).keySet()) {
      WeightEntry entry = file.entry(name);
      long[] sizes = entry.sizes().stream().mapToLong(Long::longValue).toArray();
      built.put(name, HandBuilt.flat(file, name), axes(name), sizes);
    }
    return built.build(spec, DType.FLOAT32);
  }

  private static String axes(String name) {
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "W_E" -> "d_vocab d_model";
      case "W_pos" -> "n_ctx d_model";
      case "W_Q" -> "head d_model d_head";
      case "W_K", "W_V" -> "kv_head d_model d_head";
      case "W_O" -> "head d_head d_model";
      case "b_Q" -> "head d_head";
      case "b_K", "b_V" -> "kv_head d_head";
      case "W_in" -> "d_model d_mlp";
      case "b_in" -> "d_mlp";
      case "W_out" -> "d_mlp d_model";
      case "W_U" -> "d_model d_vocab";
      case "b_U" -> "d_vocab";
      default -> "d_model";
    };
  }
}
