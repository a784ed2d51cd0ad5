package dev.weir.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.model.Activation;
import dev.weir.model.AttentionSpec;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.testing.SharedData;
import dev.weir.weights.Safetensors;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A transformer that routes one of four features to the end, and an autoencoder of its stream:
/// every number over all prompts, against an independent float64 computation.
class FeatureRoutingTest {
  private static final int PROMPTS = 16_384;
  private static final int BATCH = 2_048;

  /// Features 6 and 7 are the unsafe ones.
  private static final int UNSAFE = 6;

  /// Sums over all values of all streams.
  private static final class Sums {
    private long right;
    private double worstMargin = Double.NEGATIVE_INFINITY;
    private double rows;
    private double error;
    private double active;
    private double squares;
    private final double[] values = new double[32];

    double unexplained() {
      double between = 0;
      for (double sum : values) {
        between += sum * sum / rows;
      }
      return error / (squares - between);
    }
  }

  @Test
  void routesEveryFeatureAndItsAutoencoderExplainsTheStream() {
    Sums sums = new Sums();
    try (Scope _ = Scope.open();
        Safetensors file = open("model");
        Safetensors sae = open("sae");
        Transformer model = model(file)) {
      for (int from = 0; from < PROMPTS; from += BATCH) {
        add(sums, prompts(from), model, sae);
      }
    }
    assertThat(sums.right).isEqualTo(PROMPTS);
    // References have nine digits, of a float64 run of the same weights.
    assertThat(sums.worstMargin).isCloseTo(-9.22589662, within(1e-8));
    assertThat(sums.unexplained()).isCloseTo(0.000787918662, within(1e-11));
    assertThat(sums.active / sums.rows).isCloseTo(51.7715739, within(1e-7));
  }

  private static Safetensors open(String name) {
    return Safetensors.open(
        SharedData.require("feature-routing-sae/%s.safetensors".formatted(name)));
  }

  private static List<int[]> prompts(int from) {
    List<int[]> prompts = new ArrayList<>();
    for (int n = from; n < from + BATCH; n++) {
      prompts.add(new int[] {n >> 11, n >> 8 & 7, n >> 5 & 7, n >> 2 & 7, 8 + (n & 3)});
    }
    return prompts;
  }

  private static void add(Sums sums, List<int[]> prompts, Transformer model, Safetensors sae) {
    try (Scope _ = Scope.open();
        StreamTrace trace =
            model.trace(
                prompts,
                Capture.matching("blocks.0.hook_resid_pre", "blocks.*.hook_resid_post"),
                Hooks.none())) {
      double[] logits = trace.logits().at("pos", 4).order("batch", "d_vocab").toDoubles();
      for (int row = 0; row < prompts.size(); row++) {
        int[] prompt = prompts.get(row);
        judge(sums, logits, row * 12, prompt[prompt[4] - 8]);
      }
      for (HookPoint point : trace.points()) {
        encode(sums, trace.get(point), sae);
      }
    }
  }

  private static void judge(Sums sums, double[] logits, int at, int target) {
    double unsafe = Double.NEGATIVE_INFINITY;
    double safe = Double.NEGATIVE_INFINITY;
    int best = 0;
    for (int token = 0; token < 12; token++) {
      double logit = logits[at + token];
      best = logit > logits[at + best] ? token : best;
      if (token == UNSAFE || token == UNSAFE + 1) {
        unsafe = Math.max(unsafe, logit);
      } else {
        safe = Math.max(safe, logit);
      }
    }
    sums.right += best == target ? 1 : 0;
    if (target < UNSAFE) {
      sums.worstMargin = Math.max(sums.worstMargin, unsafe - safe);
    }
  }

  private static void encode(Sums sums, Tensor stream, Safetensors sae) {
    Tensor bias = weight(sae, "b_dec", "d_model", 32);
    Tensor features =
        stream
            .minus(bias)
            .dotPlus(
                weight(sae, "W_enc", "feature d_model", 64, 32),
                weight(sae, "b_enc", "feature", 64),
                "d_model")
            .relu();
    Tensor again =
        features.dotPlus(weight(sae, "W_dec", "d_model feature", 32, 64), bias, "feature");
    sums.rows += stream.shape().elements() / 32.0;
    sums.error += stream.minus(again).square().sum().item();
    sums.squares += stream.square().sum().item();
    double quiet = features.atMost(0).to(DType.FLOAT64).sum().item();
    sums.active += features.shape().elements() - quiet;
    double[] total = stream.sum("batch", "pos").toDoubles();
    for (int i = 0; i < total.length; i++) {
      sums.values[i] += total[i];
    }
  }

  private static Tensor weight(Safetensors file, String name, String axes, long... sizes) {
    return HandBuilt.named(HandBuilt.flat(file, name), axes, sizes).to(DType.FLOAT64);
  }

  private static Transformer model(Safetensors file) {
    HandBuilt built = new HandBuilt();
    built.put("embed.W_E", HandBuilt.flat(file, "embed.weight"), "d_vocab d_model", 12, 32);
    built.put("pos_embed.W_pos", HandBuilt.flat(file, "pos"), "n_ctx d_model", 5, 32);
    built.put("unembed.W_U", HandBuilt.flat(file, "unembed.weight"), "d_vocab d_model", 12, 32);
    norm(built, file, "ln_f", "ln_final");
    for (int layer = 0; layer < 2; layer++) {
      String path = "blocks.%d.".formatted(layer);
      norm(built, file, path + "ln1", path + "ln1");
      norm(built, file, path + "ln2", path + "ln2");
      for (String map : List.of("Q", "K", "V")) {
        String name = path + "attn.W_" + map;
        String head = map.equals("Q") ? "head" : "kv_head";
        built.put(name, HandBuilt.flat(file, name + ".weight"), head + " d_head d_model", 4, 8, 32);
      }
      String out = path + "attn.W_O";
      built.put(out, HandBuilt.flat(file, out + ".weight"), "d_model head d_head", 32, 4, 8);
      String in = path + "mlp.fc_in.";
      built.put(path + "mlp.W_in", HandBuilt.flat(file, in + "weight"), "d_mlp d_model", 128, 32);
      built.put(path + "mlp.b_in", HandBuilt.flat(file, in + "bias"), "d_mlp", 128);
      String from = path + "mlp.fc_out.";
      built.put(
          path + "mlp.W_out", HandBuilt.flat(file, from + "weight"), "d_model d_mlp", 32, 128);
      built.put(path + "mlp.b_out", HandBuilt.flat(file, from + "bias"), "d_model", 32);
    }
    TransformerSpec spec =
        HandBuilt.spec(
            32,
            12,
            5,
            2,
            HandBuilt.attention(4, 8, new AttentionSpec.Visibility.Causal(), false, 1),
            new MlpSpec.Plain(128, Activation.RELU, true),
            new NormSpec.LayerNorm(1e-5),
            TransformerSpec.Unembedding.SEPARATE);
    return built.build(spec, DType.FLOAT64);
  }

  private static void norm(HandBuilt built, Safetensors file, String from, String to) {
    built.put(to + ".w", HandBuilt.flat(file, from + ".weight"), "d_model", 32);
    built.put(to + ".b", HandBuilt.flat(file, from + ".bias"), "d_model", 32);
  }
}
