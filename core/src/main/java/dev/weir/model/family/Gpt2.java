package dev.weir.model.family;

import dev.weir.model.AttentionSpec;
import dev.weir.model.AttentionSpec.Biases;
import dev.weir.model.AttentionSpec.QkNorm;
import dev.weir.model.AttentionSpec.Visibility;
import dev.weir.model.BlockSpec;
import dev.weir.model.BlockSpec.Wiring;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.Parameters;
import dev.weir.model.PositionCode;
import dev.weir.model.Softcap;
import dev.weir.model.TransformerSpec;
import dev.weir.model.TransformerSpec.Unembedding;
import dev.weir.pathway.PreNorm;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// GPT-2 (Radford et al. 2019): LayerNorm, learned positions, biases everywhere, an MLP with
/// tanh-GELU. Its matrices are stored `[in, out]`, queries, keys and values in one.
final class Gpt2 implements Family {

  @Override
  public List<String> modelTypes() {
    return List.of("gpt2");
  }

  @Override
  public TransformerSpec spec(Config config) {
    config.refuse("add_cross_attention");
    int dModel = config.size("n_embd", config.size("hidden_size", 768));
    int nLayers = config.layers(config.has("n_layer") ? "n_layer" : "num_hidden_layers");
    int nHeads = config.size("n_head", config.size("num_attention_heads", 12));
    NormSpec norm = new NormSpec.LayerNorm(config.real("layer_norm_epsilon", 1e-5));
    MlpSpec mlp =
        new MlpSpec.Plain(
            config.size("n_inner", 4 * dModel),
            Activations.parse(config, "activation_function", "gelu_new"),
            true);
    List<BlockSpec> blocks = new ArrayList<>();
    for (int layer = 0; layer < nLayers; layer++) {
      AttentionSpec attention = attention(config, nHeads, dModel / nHeads, layer);
      blocks.add(Blocks.preNorm(attention, mlp, Wiring.SEQUENTIAL, norm));
    }
    int dVocab = config.size("vocab_size", 50257);
    return new TransformerSpec(
        "gpt2",
        dModel,
        dVocab,
        dVocab,
        config.size("n_positions", config.size("max_position_embeddings", 1024)),
        blocks,
        new PositionCode.Learned(),
        1,
        norm,
        config.flag("tie_word_embeddings", true) ? Unembedding.TIED : Unembedding.SEPARATE,
        new Softcap.Unbounded(),
        new PreNorm());
  }

  private static AttentionSpec attention(Config config, int nHeads, int dHead, int layer) {
    double scale = config.flag("scale_attn_weights", true) ? 1 / Math.sqrt(dHead) : 1;
    double perLayer = config.flag("scale_attn_by_inverse_layer_idx", false) ? layer + 1.0 : 1;
    return new AttentionSpec(
        nHeads,
        nHeads,
        dHead,
        scale / perLayer,
        new Softcap.Unbounded(),
        new Visibility.Causal(),
        new PositionCode.NoPositions(),
        new QkNorm.NoQkNorm(),
        Biases.ALL,
        1);
  }

  @Override
  public Parameters parameters(TransformerSpec spec, WeightTensors weights) {
    Axis dModel = new Axis("d_model", spec.dModel());
    Map<String, Tensor> found = new LinkedHashMap<>();
    String root = weights.prefix("wte.weight", "transformer.", "");
    found.put(
        "embed.W_E", weights.get(root + "wte.weight", new Axis("d_vocab", spec.dVocab()), dModel));
    found.put(
        "pos_embed.W_pos",
        weights.get(root + "wpe.weight", new Axis("n_ctx", spec.nCtx()), dModel));
    for (int layer = 0; layer < spec.nLayers(); layer++) {
      block(
          spec.blocks().get(layer),
          root + "h.%d.".formatted(layer),
          "blocks.%d.".formatted(layer),
          dModel,
          weights,
          found);
    }
    Blocks.layerNorm(weights, root + "ln_f", found, "ln_final", dModel);
    Blocks.unembedding(spec, weights, "lm_head.weight", found);
    weights.requireAllUsed(
        name -> name.endsWith(".attn.bias") || name.endsWith(".attn.masked_bias"));
    return new Parameters(found);
  }

  private static void block(
      BlockSpec block,
      String from,
      String to,
      Axis dModel,
      WeightTensors weights,
      Map<String, Tensor> found) {
    Axis head = new Axis("head", block.attention().nHeads());
    Axis dHead = new Axis("d_head", block.attention().dHead());
    Axis three = new Axis("three", 3);
    Blocks.layerNorm(weights, from + "ln_1", found, to + "ln1", dModel);
    Tensor qkv = weights.get(from + "attn.c_attn.weight", dModel, three, head, dHead);
    Tensor bias = weights.get(from + "attn.c_attn.bias", three, head, dHead);
    Blocks.splitQkv(qkv, bias, weights, found, to + "attn.");
    found.put(to + "attn.W_O", weights.get(from + "attn.c_proj.weight", head, dHead, dModel));
    found.put(to + "attn.b_O", weights.get(from + "attn.c_proj.bias", dModel));
    Blocks.layerNorm(weights, from + "ln_2", found, to + "ln2", dModel);
    Axis dMlp = new Axis("d_mlp", ((MlpSpec.Plain) block.mlp()).dMlp());
    found.put(to + "mlp.W_in", weights.get(from + "mlp.c_fc.weight", dModel, dMlp));
    found.put(to + "mlp.b_in", weights.get(from + "mlp.c_fc.bias", dMlp));
    found.put(to + "mlp.W_out", weights.get(from + "mlp.c_proj.weight", dMlp, dModel));
    found.put(to + "mlp.b_out", weights.get(from + "mlp.c_proj.bias", dModel));
  }
}
