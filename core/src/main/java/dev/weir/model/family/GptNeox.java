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
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// GPT-NeoX and Pythia (Black et al. 2022, arXiv:2204.06745; Biderman et al. 2023,
/// arXiv:2304.01373): parallel blocks with two norms, partly rotary positions, queries, keys and
/// values interleaved by head.
final class GptNeox implements Family {

  @Override
  public List<String> modelTypes() {
    return List.of("gpt_neox");
  }

  @Override
  public TransformerSpec spec(Config config) {
    int dModel = config.size("hidden_size");
    int nHeads = config.size("num_attention_heads");
    int dHead = dModel / nHeads;
    int nCtx = config.size("max_position_embeddings", 2048);
    double fraction = config.real("rotary_pct", 0.25);
    double theta = config.real("rotary_emb_base", 10_000);
    NormSpec norm = new NormSpec.LayerNorm(config.real("layer_norm_eps", 1e-5));
    AttentionSpec attention =
        new AttentionSpec(
            nHeads,
            nHeads,
            dHead,
            1 / Math.sqrt(dHead),
            new Softcap.Unbounded(),
            new Visibility.Causal(),
            new RopeConfig(config, dHead, fraction, theta, nCtx).rotary(),
            new QkNorm.NoQkNorm(),
            config.flag("attention_bias", true) ? Biases.ALL : Biases.NONE,
            1);
    MlpSpec mlp =
        new MlpSpec.Plain(
            config.size("intermediate_size", 24_576),
            Activations.parse(config, "hidden_act", "gelu"),
            true);
    Wiring wiring =
        config.flag("use_parallel_residual", true) ? Wiring.PARALLEL : Wiring.SEQUENTIAL;
    int dVocab = config.size("vocab_size");
    return new TransformerSpec(
        "gpt_neox",
        dModel,
        dVocab,
        dVocab,
        nCtx,
        Collections.nCopies(
            config.layers("num_hidden_layers"), Blocks.preNorm(attention, mlp, wiring, norm)),
        new PositionCode.NoPositions(),
        1,
        norm,
        config.flag("tie_word_embeddings", false) ? Unembedding.TIED : Unembedding.SEPARATE,
        new Softcap.Unbounded(),
        new PreNorm());
  }

  @Override
  public Parameters parameters(TransformerSpec spec, WeightTensors weights) {
    Axis dModel = new Axis("d_model", spec.dModel());
    Map<String, Tensor> found = new LinkedHashMap<>();
    String root = weights.prefix("embed_in.weight", "gpt_neox.", "");
    found.put(
        "embed.W_E",
        weights.get(root + "embed_in.weight", new Axis("d_vocab", spec.dVocab()), dModel));
    for (int layer = 0; layer < spec.nLayers(); layer++) {
      String from = root + "layers.%d.".formatted(layer);
      block(spec.blocks().get(layer), from, "blocks.%d.".formatted(layer), dModel, weights, found);
    }
    Blocks.layerNorm(weights, root + "final_layer_norm", found, "ln_final", dModel);
    String unembedding = weights.has("embed_out.weight") ? "embed_out.weight" : "lm_head.weight";
    Blocks.unembedding(spec, weights, unembedding, found);
    weights.requireAllUsed(name ->
        name.endsWith(".attention.bias")
            || name.endsWith(".attention.masked_bias")
            || name.endsWith(".rotary_emb.inv_freq"));
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
    Blocks.layerNorm(weights, from + "input_layernorm", found, to + "ln1", dModel);
    Tensor qkv = weights.get(from + "attention.query_key_value.weight", head, three, dHead, dModel);
    String dense = from + "attention.dense";
    found.put(to + "attn.W_O", weights.get(dense + ".weight", dModel, head, dHead));
    if (block.attention().biases() == Biases.ALL) {
      Tensor bias = weights.get(from + "attention.query_key_value.bias", head, three, dHead);
      Blocks.splitQkv(qkv, bias, weights, found, to + "attn.");
      found.put(to + "attn.b_O", weights.get(dense + ".bias", dModel));
    } else {
      Blocks.splitQkv(qkv, weights, found, to + "attn.");
    }
    Blocks.layerNorm(weights, from + "post_attention_layernorm", found, to + "ln2", dModel);
    Axis dMlp = new Axis("d_mlp", ((MlpSpec.Plain) block.mlp()).dMlp());
    found.put(to + "mlp.W_in", weights.get(from + "mlp.dense_h_to_4h.weight", dMlp, dModel));
    found.put(to + "mlp.b_in", weights.get(from + "mlp.dense_h_to_4h.bias", dMlp));
    found.put(to + "mlp.W_out", weights.get(from + "mlp.dense_4h_to_h.weight", dModel, dMlp));
    found.put(to + "mlp.b_out", weights.get(from + "mlp.dense_4h_to_h.bias", dModel));
  }
}
