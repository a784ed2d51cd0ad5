package dev.weir.reference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.model.Activation;
import dev.weir.model.AttentionSpec;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.stream.Hooks;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.testing.SharedData;
import dev.weir.weights.Safetensors;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The published modular addition models of Zhong et al. 2023 (arXiv:2306.17844): no norm, both
/// positions see both, attention between uniform and softmax.
class ModAddTest {
  private static final int MODULUS = 59;

  @ParameterizedTest
  @CsvSource({"p99zdpze5l, 1, 0", "l8k1hzciux, 1, 1", "h9m153uuh9, 2, 0.006644610414285879"})
  void addsEveryPairOfNumbers(String run, int nLayers, double softmaxShare) {
    try (Scope _ = Scope.open();
        Safetensors file =
            Safetensors.open(
                SharedData.require("modadd-clock-pizza/model_%s.safetensors".formatted(run)));
        Transformer model = model(file, nLayers, softmaxShare, DType.FLOAT32)) {
      List<int[]> pairs = new ArrayList<>();
      for (int a = 0; a < MODULUS; a++) {
        for (int b = 0; b < MODULUS; b++) {
          pairs.add(new int[] {a, b});
        }
      }
      long[] answers = model.logits(pairs, Hooks.none()).at("pos", 1).argmax("d_vocab").toLongs();
      int right = 0;
      for (int i = 0; i < answers.length; i++) {
        right += answers[i] == (pairs.get(i)[0] + pairs.get(i)[1]) % MODULUS ? 1 : 0;
      }
      assertThat(right).isEqualTo(3481);
    }
  }

  static Transformer model(Safetensors file, int nLayers, double softmaxShare, DType dtype) {
    HandBuilt built = new HandBuilt();
    built.put("embed.W_E", HandBuilt.flat(file, "embed.W_E"), "d_model d_vocab", 128, MODULUS);
    built.put("pos_embed.W_pos", HandBuilt.flat(file, "pos_embed.W_pos"), "n_ctx d_model", 2, 128);
    built.put("unembed.W_U", HandBuilt.flat(file, "unembed.W_U"), "d_model d_vocab", 128, MODULUS);
    for (int layer = 0; layer < nLayers; layer++) {
      String path = "blocks.%d.".formatted(layer);
      built.put(
          path + "attn.W_Q",
          HandBuilt.flat(file, path + "attn.W_Q"),
          "head d_head d_model",
          4,
          32,
          128);
      built.put(
          path + "attn.W_K",
          HandBuilt.flat(file, path + "attn.W_K"),
          "kv_head d_head d_model",
          4,
          32,
          128);
      built.put(
          path + "attn.W_V",
          HandBuilt.flat(file, path + "attn.W_V"),
          "kv_head d_head d_model",
          4,
          32,
          128);
      built.put(
          path + "attn.W_O",
          HandBuilt.flat(file, path + "attn.W_O"),
          "d_model head d_head",
          128,
          4,
          32);
      built.put(
          path + "mlp.W_in", HandBuilt.flat(file, path + "mlp.W_in"), "d_mlp d_model", 512, 128);
      built.put(path + "mlp.b_in", HandBuilt.flat(file, path + "mlp.b_in"), "d_mlp", 512);
      built.put(
          path + "mlp.W_out", HandBuilt.flat(file, path + "mlp.W_out"), "d_model d_mlp", 128, 512);
      built.put(path + "mlp.b_out", HandBuilt.flat(file, path + "mlp.b_out"), "d_model", 128);
    }
    TransformerSpec spec =
        HandBuilt.spec(
            128,
            MODULUS,
            2,
            nLayers,
            HandBuilt.attention(
                4, 32, new AttentionSpec.Visibility.Bidirectional(), false, softmaxShare),
            new MlpSpec.Plain(512, Activation.RELU, true),
            new NormSpec.NoNorm(),
            TransformerSpec.Unembedding.SEPARATE);
    return built.build(spec, dtype);
  }
}
