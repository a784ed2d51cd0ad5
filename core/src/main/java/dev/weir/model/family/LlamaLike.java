package dev.weir.model.family;

import dev.weir.model.AttentionSpec;
import dev.weir.model.AttentionSpec.Biases;
import dev.weir.model.AttentionSpec.QkNorm;
import dev.weir.model.BlockSpec;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.Parameters;
import dev.weir.model.TransformerSpec;
import dev.weir.model.TransformerSpec.Unembedding;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/// The weights of the models that descend from Llama: separate maps `[out, in]` for queries, keys
/// and values, a gated MLP, RMS norms. Families differ in what their norms are called.
///
/// @param norms the names of the norms within a block, in the file
record LlamaLike(NormNames norms) {

  /// What the norms of a block are called in the file; those that the spec has are read.
  ///
  /// @param ln1 before attention
  /// @param ln1Post after attention
  /// @param ln2 before the MLP
  /// @param ln2Post after the MLP
  record NormNames(String ln1, String ln1Post, String ln2, String ln2Post) {

    /// Llama's, which norms what is read.
    static NormNames llama() {
      return new NormNames("input_layernorm", "-", "post_attention_layernorm", "-");
    }

    /// Gemma 2's, which norms what is read and what is written.
    static NormNames sandwich() {
      return new NormNames(
          "input_layernorm",
          "post_attention_layernorm",
          "pre_feedforward_layernorm",
          "post_feedforward_layernorm");
    }

    /// OLMo 2's, which norms what is written.
    static NormNames postNorm() {
      return new NormNames("-", "post_attention_layernorm", "-", "post_feedforward_layernorm");
    }
  }

  Parameters parameters(TransformerSpec spec, WeightTensors weights) {
    Axis dModel = new Axis("d_model", spec.dModel());
    Map<String, Tensor> found = new LinkedHashMap<>();
    String root = weights.prefix("embed_tokens.weight", "model.", "");
    found.put(
        "embed.W_E",
        weights.get(root + "embed_tokens.weight", new Axis("d_vocab", spec.dVocab()), dModel));
    for (int layer = 0; layer < spec.nLayers(); layer++) {
      String from = root + "layers.%d.".formatted(layer);
      block(spec.blocks().get(layer), from, "blocks.%d.".formatted(layer), dModel, weights, found);
    }
    norm(spec.lnFinal(), weights, root + "norm", found, "ln_final", dModel);
    Blocks.unembedding(spec, weights, "lm_head.weight", found);
    weights.requireAllUsed(name -> name.endsWith(".rotary_emb.inv_freq"));
    return new Parameters(found);
  }

  private void block(
      BlockSpec block,
      String from,
      String to,
      Axis dModel,
      WeightTensors weights,
      Map<String, Tensor> found) {
    norm(block.ln1(), weights, from + norms.ln1(), found, to + "ln1", dModel);
    attention(block.attention(), from + "self_attn.", to + "attn.", dModel, weights, found);
    norm(block.ln1Post(), weights, from + norms.ln1Post(), found, to + "ln1_post", dModel);
    norm(block.ln2(), weights, from + norms.ln2(), found, to + "ln2", dModel);
    mlp((MlpSpec.Gated) block.mlp(), from + "mlp.", to + "mlp.", dModel, weights, found);
    norm(block.ln2Post(), weights, from + norms.ln2Post(), found, to + "ln2_post", dModel);
  }

  private static void attention(
      AttentionSpec attention,
      String from,
      String to,
      Axis dModel,
      WeightTensors weights,
      Map<String, Tensor> found) {
    Axis head = new Axis("head", attention.nHeads());
    Axis kvHead = new Axis("kv_head", attention.nKvHeads());
    Axis dHead = new Axis("d_head", attention.dHead());
    if (weights.has(from + "qkv_proj.weight")) {
      fusedQkv(attention, from, to, dModel, weights, found);
    } else {
      found.put(to + "W_Q", weights.get(from + "q_proj.weight", head, dHead, dModel));
      found.put(to + "W_K", weights.get(from + "k_proj.weight", kvHead, dHead, dModel));
      found.put(to + "W_V", weights.get(from + "v_proj.weight", kvHead, dHead, dModel));
    }
    found.put(to + "W_O", weights.get(from + "o_proj.weight", dModel, head, dHead));
    if (attention.biases() != Biases.NONE) {
      found.put(to + "b_Q", weights.get(from + "q_proj.bias", head, dHead));
      found.put(to + "b_K", weights.get(from + "k_proj.bias", kvHead, dHead));
      found.put(to + "b_V", weights.get(from + "v_proj.bias", kvHead, dHead));
    }
    if (attention.biases() == Biases.ALL) {
      found.put(to + "b_O", weights.get(from + "o_proj.bias", dModel));
    }
    switch (attention.qkNorm()) {
      case QkNorm.NoQkNorm() -> {}
      case QkNorm.PerHead _ -> {
        Blocks.rmsNorm(weights, from + "q_norm", found, to + "q_norm", dHead);
        Blocks.rmsNorm(weights, from + "k_norm", found, to + "k_norm", dHead);
      }
      case QkNorm.AcrossHeads _ -> {
        Blocks.rmsNorm(weights, from + "q_norm", found, to + "q_norm", head, dHead);
        Blocks.rmsNorm(weights, from + "k_norm", found, to + "k_norm", kvHead, dHead);
      }
    }
  }

  /// Phi-3's rows: queries, then keys, then values.
  private static void fusedQkv(
      AttentionSpec attention,
      String from,
      String to,
      Axis dModel,
      WeightTensors weights,
      Map<String, Tensor> found) {
    int nHeads = attention.nHeads();
    int nKvHeads = attention.nKvHeads();
    Axis heads = new Axis("head", nHeads + 2L * nKvHeads);
    Axis dHead = new Axis("d_head", attention.dHead());
    Tensor qkv = weights.get(from + "qkv_proj.weight", heads, dHead, dModel);
    found.put(to + "W_Q", weights.keep(qkv.slice("head", 0, nHeads)));
    Tensor keys = qkv.slice("head", nHeads, nKvHeads).rename("head", "kv_head");
    Tensor values = qkv.slice("head", nHeads + (long) nKvHeads, nKvHeads).rename("head", "kv_head");
    found.put(to + "W_K", weights.keep(keys));
    found.put(to + "W_V", weights.keep(values));
  }

  private static void mlp(
      MlpSpec.Gated mlp,
      String from,
      String to,
      Axis dModel,
      WeightTensors weights,
      Map<String, Tensor> found) {
    Axis dMlp = new Axis("d_mlp", mlp.dMlp());
    if (weights.has(from + "gate_up_proj.weight")) {
      Axis two = new Axis("two", 2);
      Tensor both = weights.get(from + "gate_up_proj.weight", two, dMlp, dModel);
      found.put(to + "W_gate", weights.keep(both.at("two", 0)));
      found.put(to + "W_in", weights.keep(both.at("two", 1)));
    } else {
      found.put(to + "W_gate", weights.get(from + "gate_proj.weight", dMlp, dModel));
      found.put(to + "W_in", weights.get(from + "up_proj.weight", dMlp, dModel));
    }
    found.put(to + "W_out", weights.get(from + "down_proj.weight", dModel, dMlp));
    if (mlp.biases() == MlpSpec.GatedBiases.EACH_MAP) {
      found.put(to + "b_gate", weights.get(from + "gate_proj.bias", dMlp));
      found.put(to + "b_in", weights.get(from + "up_proj.bias", dMlp));
      found.put(to + "b_out", weights.get(from + "down_proj.bias", dModel));
    }
  }

  private static void norm(
      NormSpec norm,
      WeightTensors weights,
      String from,
      Map<String, Tensor> found,
      String to,
      Axis dModel) {
    if (norm.hasGain()) {
      Blocks.rmsNorm(weights, from, found, to, dModel);
    }
  }

  static Unembedding unembedding(Config config, boolean tiedWhenAbsent) {
    return config.flag("tie_word_embeddings", tiedWhenAbsent)
        ? Unembedding.TIED
        : Unembedding.SEPARATE;
  }
}
