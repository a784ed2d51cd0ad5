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

/// Phi-1, 1.5 and 2 (Li et al. 2023, arXiv:2309.05463): parallel blocks that read through one norm,
/// partly rotary positions, biases everywhere, the unembedding included.
final class Phi implements Family {

  @Override
  public List<String> modelTypes() {
    return List.of("phi");
  }

  @Override
  public TransformerSpec spec(Config config) {
    config.refuse("tie_word_embeddings");
    LlamaSizes sizes = LlamaSizes.of(config, 0, 2048);
    NormSpec norm = new NormSpec.LayerNorm(config.real("layer_norm_eps", 1e-5));
    PositionCode rotary = new RopeConfig(config, sizes.dHead(), 0.5, 10_000, sizes.nCtx()).rotary();
    QkNorm qkNorm =
        config.flag("qk_layernorm", false) ? new QkNorm.PerHead(norm) : new QkNorm.NoQkNorm();
    AttentionSpec attention =
        sizes.attention(
            1 / Math.sqrt(sizes.dHead()), new Visibility.Causal(), rotary, qkNorm, Biases.ALL);
    MlpSpec mlp =
        new MlpSpec.Plain(
            config.size("intermediate_size"),
            Activations.parse(config, "hidden_act", "gelu_new"),
            true);
    BlockSpec block = Blocks.preNorm(attention, mlp, Wiring.PARALLEL_SHARED_NORM, norm);
    int dVocab = config.size("vocab_size");
    return new TransformerSpec(
        "phi",
        config.size("hidden_size"),
        dVocab,
        dVocab,
        sizes.nCtx(),
        Collections.nCopies(config.layers("num_hidden_layers"), block),
        new PositionCode.NoPositions(),
        1,
        norm,
        Unembedding.SEPARATE_WITH_BIAS,
        new Softcap.Unbounded(),
        new PreNorm());
  }

  @Override
  public Parameters parameters(TransformerSpec spec, WeightTensors weights) {
    Axis dModel = new Axis("d_model", spec.dModel());
    Axis dVocab = new Axis("d_vocab", spec.dVocab());
    Map<String, Tensor> found = new LinkedHashMap<>();
    String root = weights.prefix("embed_tokens.weight", "model.", "");
    found.put("embed.W_E", weights.get(root + "embed_tokens.weight", dVocab, dModel));
    for (int layer = 0; layer < spec.nLayers(); layer++) {
      String from = root + "layers.%d.".formatted(layer);
      block(spec.blocks().get(layer), from, "blocks.%d.".formatted(layer), dModel, weights, found);
    }
    Blocks.layerNorm(weights, root + "final_layernorm", found, "ln_final", dModel);
    found.put("unembed.W_U", weights.get("lm_head.weight", dVocab, dModel));
    found.put("unembed.b_U", weights.get("lm_head.bias", dVocab));
    weights.requireAllUsed(name -> name.endsWith(".rotary_emb.inv_freq"));
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
    Axis kvHead = new Axis("kv_head", block.attention().nKvHeads());
    Axis dHead = new Axis("d_head", block.attention().dHead());
    Axis dMlp = new Axis("d_mlp", ((MlpSpec.Plain) block.mlp()).dMlp());
    Blocks.layerNorm(weights, from + "input_layernorm", found, to + "ln1", dModel);
    String attn = from + "self_attn.";
    found.put(to + "attn.W_Q", weights.get(attn + "q_proj.weight", head, dHead, dModel));
    found.put(to + "attn.W_K", weights.get(attn + "k_proj.weight", kvHead, dHead, dModel));
    found.put(to + "attn.W_V", weights.get(attn + "v_proj.weight", kvHead, dHead, dModel));
    found.put(to + "attn.W_O", weights.get(attn + "dense.weight", dModel, head, dHead));
    found.put(to + "attn.b_Q", weights.get(attn + "q_proj.bias", head, dHead));
    found.put(to + "attn.b_K", weights.get(attn + "k_proj.bias", kvHead, dHead));
    found.put(to + "attn.b_V", weights.get(attn + "v_proj.bias", kvHead, dHead));
    found.put(to + "attn.b_O", weights.get(attn + "dense.bias", dModel));
    if (block.attention().qkNorm() instanceof QkNorm.PerHead) {
      Blocks.layerNorm(weights, attn + "q_layernorm", found, to + "attn.q_norm", dHead);
      Blocks.layerNorm(weights, attn + "k_layernorm", found, to + "attn.k_norm", dHead);
    }
    found.put(to + "mlp.W_in", weights.get(from + "mlp.fc1.weight", dMlp, dModel));
    found.put(to + "mlp.b_in", weights.get(from + "mlp.fc1.bias", dMlp));
    found.put(to + "mlp.W_out", weights.get(from + "mlp.fc2.weight", dModel, dMlp));
    found.put(to + "mlp.b_out", weights.get(from + "mlp.fc2.bias", dModel));
  }
}
