package dev.weir.model.family;

import dev.weir.model.AttentionSpec;
import dev.weir.model.AttentionSpec.QkNorm;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.NormSpec.Gain;
import dev.weir.model.ParameterLayout;
import dev.weir.model.Parameters;
import dev.weir.model.PositionCode.Rotary;
import dev.weir.model.PositionCode.RotaryScaling;
import dev.weir.model.TransformerSpec;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.weights.Gguf;
import dev.weir.weights.GgufMetadata;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// A GGUF file: its metadata as the config of a family, its tensors under that family's parts.
///
/// @param gguf the file
record GgufModel(Gguf gguf) {

  /// GGUF's name for an architecture, and ours.
  private static final Map<String, String> FAMILIES =
      Map.of(
          "llama", "llama",
          "qwen2", "qwen2",
          "qwen3", "qwen3",
          "gpt2", "gpt2",
          "gemma", "gemma",
          "gemma2", "gemma2",
          "gemma3", "gemma3_text",
          "olmo2", "olmo2",
          "phi3", "phi3",
          "gptneox", "gpt_neox");

  TransformerSpec spec() {
    Config config = new Config(config(), where());
    TransformerSpec spec = Family.of(config).spec(config);
    TransformerSpec turned =
        architecture().equals("llama") ? Llama2cModel.withAdjacentPairs(spec) : spec;
    return withStoredGains(withFrequencyFactors(turned));
  }

  private String where() {
    return gguf.path().toString();
  }

  private String architecture() {
    return keys()
        .text("general.architecture")
        .orElseThrow(() -> FamilyException.missingKey("general.architecture", where()));
  }

  private GgufMetadata keys() {
    return gguf.keyValues();
  }

  private ObjectNode config() {
    String architecture = architecture();
    String family = FAMILIES.get(architecture);
    if (family == null) {
      throw FamilyException.unknown(architecture, Family.all(), where());
    }
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.put("model_type", family);
    whole(config, "context_length", "max_position_embeddings");
    whole(config, "embedding_length", "hidden_size");
    whole(config, "block_count", "num_hidden_layers");
    whole(config, "feed_forward_length", family.equals("gpt2") ? "n_inner" : "intermediate_size");
    whole(config, "attention.head_count", "num_attention_heads");
    whole(config, "attention.head_count_kv", "num_key_value_heads");
    if (!config.has("num_key_value_heads")) {
      whole(config, "attention.head_count", "num_key_value_heads");
    }
    real(config, "attention.layer_norm_rms_epsilon", "rms_norm_eps");
    real(config, "attention.layer_norm_epsilon", "layer_norm_epsilon");
    real(config, "attention.layer_norm_epsilon", "layer_norm_eps");
    real(config, "attn_logit_softcapping", "attn_logit_softcapping");
    real(config, "final_logit_softcapping", "final_logit_softcapping");
    heads(config);
    windows(config, family);
    rope(config, family);
    config.put("vocab_size", dVocab());
    config.put("tie_word_embeddings", !gguf.has("output.weight"));
    if (family.equals("llama")) {
      config.put("attention_bias", false);
    }
    return config;
  }

  private void heads(ObjectNode config) {
    long dModel = required("embedding_length");
    long nHeads = required("attention.head_count");
    long dHead = keys().whole(key("attention.key_length")).orElse(dModel / Math.max(1, nHeads));
    config.put("head_dim", dHead);
    config.put("query_pre_attn_scalar", dHead);
  }

  private void windows(ObjectNode config, String family) {
    String slidingWindow = "sliding_window";
    keys()
        .whole(key("attention.sliding_window"))
        .ifPresentOrElse(
            window -> config.put(slidingWindow, window),
            () -> {
              if (!family.startsWith("gemma")) {
                config.putNull(slidingWindow);
              }
            });
  }

  private void rope(ObjectNode config, String family) {
    real(config, "rope.freq_base", "rope_theta");
    if (family.equals("gpt_neox")) {
      real(config, "rope.freq_base", "rotary_emb_base");
      double dHead = (double) required("embedding_length") / required("attention.head_count");
      keys()
          .whole(key("rope.dimension_count"))
          .ifPresent(count -> config.put("rotary_pct", count / dHead));
      keys()
          .flag(key("use_parallel_residual"))
          .ifPresent(parallel -> config.put("use_parallel_residual", parallel));
    }
    String type = keys().text(key("rope.scaling.type")).orElse("none");
    if (!type.equals("none") && !type.equals("longrope")) {
      ObjectNode scaling = config.putObject("rope_scaling");
      scaling.put("rope_type", type);
      real(scaling, "rope.scaling.factor", "factor");
      real(scaling, "rope.scaling.yarn_beta_fast", "beta_fast");
      real(scaling, "rope.scaling.yarn_beta_slow", "beta_slow");
      whole(scaling, "rope.scaling.original_context_length", "original_max_position_embeddings");
    }
  }

  private long dVocab() {
    return keys()
        .whole(key("vocab_size"))
        .orElseGet(() -> gguf.entry("token_embd.weight").sizes().getFirst());
  }

  private long required(String name) {
    return keys()
        .whole(key(name))
        .orElseThrow(() -> FamilyException.missingKey(key(name), where()));
  }

  private String key(String name) {
    return architecture() + "." + name;
  }

  private void whole(ObjectNode config, String from, String to) {
    keys().whole(key(from)).ifPresent(value -> config.put(to, value));
  }

  private void real(ObjectNode config, String from, String to) {
    keys().number(key(from)).ifPresent(value -> config.put(to, value));
  }

  /// Gemma's gains are stored with the one already added.
  private static TransformerSpec withStoredGains(TransformerSpec spec) {
    return spec.mapBlocks(
            block -> {
              var changed = block.mapNorms(GgufModel::plain);
              return changed.withAttention(
                  changed.attention().withQkNorm(plain(changed.attention().qkNorm())));
            })
        .withLnFinal(plain(spec.lnFinal()));
  }

  private static QkNorm plain(QkNorm qkNorm) {
    return switch (qkNorm) {
      case QkNorm.PerHead(NormSpec norm) -> new QkNorm.PerHead(plain(norm));
      case QkNorm.AcrossHeads _, QkNorm.NoQkNorm _ -> qkNorm;
    };
  }

  private static NormSpec plain(NormSpec norm) {
    return norm instanceof NormSpec.RmsNorm(double epsilon, Gain _)
        ? new NormSpec.RmsNorm(epsilon, Gain.PLAIN)
        : norm;
  }

  /// Llama 3's scaling is stored as what each frequency is divided by; Phi-3's as two such lists.
  private TransformerSpec withFrequencyFactors(TransformerSpec spec) {
    if (gguf.has("rope_freqs.weight")) {
      List<Double> factors = reals("rope_freqs.weight");
      return withScaling(spec, new RotaryScaling.LongRope(factors, factors, spec.nCtx(), 1));
    }
    if (gguf.has("rope_factors_short.weight")) {
      int original = Math.toIntExact(required("rope.scaling.original_context_length"));
      double stretch = (double) spec.nCtx() / original;
      double attention =
          keys()
              .number(key("rope.scaling.attn_factor"))
              .orElse(stretch <= 1 ? 1 : Math.sqrt(1 + Math.log(stretch) / Math.log(original)));
      return withScaling(
          spec,
          new RotaryScaling.LongRope(
              reals("rope_factors_short.weight"),
              reals("rope_factors_long.weight"),
              original,
              attention));
    }
    return spec;
  }

  private List<Double> reals(String name) {
    List<Double> values = new ArrayList<>();
    for (float value : gguf.entry(name).toFloats()) {
      values.add((double) value);
    }
    return values;
  }

  private static TransformerSpec withScaling(TransformerSpec spec, RotaryScaling scaling) {
    return spec.mapBlocks(block ->
        block.attention().positions()
                instanceof Rotary(int dimensions, double theta, var pairing, _)
            ? block.withAttention(
                block.attention().withPositions(new Rotary(dimensions, theta, pairing, scaling)))
            : block);
  }

  Parameters parameters(TransformerSpec spec, WeightTensors weights) {
    Map<String, Tensor> found = new LinkedHashMap<>();
    Map<String, Shape> layout = ParameterLayout.of(spec);
    for (int layer = 0; layer < spec.nLayers(); layer++) {
      fused(spec, layer, weights, found);
    }
    layout.forEach((name, shape) -> {
      if (!found.containsKey(name)) {
        found.put(name, weights.get(nameOf(name), asStored(name, shape)));
      }
    });
    weights.skip("output.weight");
    weights.requireAllUsed(name -> name.startsWith("rope_f"));
    return new Parameters(found);
  }

  /// GPT-2, GPT-NeoX and Phi-3 keep queries, keys and values in one tensor, in that order; Phi-3
  /// gate and up as well.
  private static void fused(
      TransformerSpec spec, int layer, WeightTensors weights, Map<String, Tensor> found) {
    String from = "blk.%d.".formatted(layer);
    String to = "blocks.%d.".formatted(layer);
    Axis dModel = new Axis("d_model", spec.dModel());
    var attention = spec.blocks().get(layer).attention();
    Axis heads = new Axis("head", attention.nHeads() + 2L * attention.nKvHeads());
    Axis dHead = new Axis("d_head", attention.dHead());
    if (weights.has(from + "attn_qkv.weight")) {
      Tensor qkv = weights.get(from + "attn_qkv.weight", heads, dHead, dModel);
      splitRows(attention, qkv, weights, found, to + "attn.W_");
    }
    if (weights.has(from + "attn_qkv.bias")) {
      Tensor bias = weights.get(from + "attn_qkv.bias", heads, dHead);
      splitRows(attention, bias, weights, found, to + "attn.b_");
    }
    if (spec.blocks().get(layer).mlp() instanceof MlpSpec.Gated(int neurons, _, _)
        && !weights.has(from + "ffn_gate.weight")) {
      Axis dMlp = new Axis("d_mlp", neurons);
      Tensor both = weights.get(from + "ffn_up.weight", new Axis("two", 2), dMlp, dModel);
      found.put(to + "mlp.W_gate", weights.keep(both.at("two", 0)));
      found.put(to + "mlp.W_in", weights.keep(both.at("two", 1)));
    }
  }

  private static void splitRows(
      AttentionSpec attention,
      Tensor rows,
      WeightTensors weights,
      Map<String, Tensor> found,
      String to) {
    long nHeads = attention.nHeads();
    long nKvHeads = attention.nKvHeads();
    found.put(to + "Q", weights.keep(rows.slice("head", 0, nHeads)));
    Tensor keys = rows.slice("head", nHeads, nKvHeads).rename("head", "kv_head");
    Tensor values = rows.slice("head", nHeads + nKvHeads, nKvHeads).rename("head", "kv_head");
    found.put(to + "K", weights.keep(keys));
    found.put(to + "V", weights.keep(values));
  }

  private static Axis[] asStored(String name, Shape shape) {
    String kind = name.substring(name.lastIndexOf('.') + 1);
    List<Axis> axes = shape.axes();
    return switch (kind) {
      case "W_O" -> new Axis[] {axes.get(2), axes.get(0), axes.get(1)};
      case "W_out", "W_U" -> new Axis[] {axes.get(1), axes.get(0)};
      default -> axes.toArray(Axis[]::new);
    };
  }

  /// GGUF's name for one of our weights.
  private static String nameOf(String name) {
    if (!name.startsWith("blocks.")) {
      return switch (name) {
        case "embed.W_E" -> "token_embd.weight";
        case "pos_embed.W_pos" -> "position_embd.weight";
        case "ln_final.w" -> "output_norm.weight";
        case "ln_final.b" -> "output_norm.bias";
        case "unembed.W_U" -> "output.weight";
        case "unembed.b_U" -> "output.bias";
        default -> name;
      };
    }
    String[] parts = name.split("\\.", 3);
    return "blk." + parts[1] + "." + partOf(parts[2]);
  }

  private static String partOf(String part) {
    return switch (part) {
      case "ln1.w" -> "attn_norm.weight";
      case "ln1.b" -> "attn_norm.bias";
      case "ln1_post.w" -> "post_attention_norm.weight";
      case "ln2.w" -> "ffn_norm.weight";
      case "ln2.b" -> "ffn_norm.bias";
      case "ln2_post.w" -> "post_ffw_norm.weight";
      case "attn.W_Q" -> "attn_q.weight";
      case "attn.W_K" -> "attn_k.weight";
      case "attn.W_V" -> "attn_v.weight";
      case "attn.W_O" -> "attn_output.weight";
      case "attn.b_Q" -> "attn_q.bias";
      case "attn.b_K" -> "attn_k.bias";
      case "attn.b_V" -> "attn_v.bias";
      case "attn.b_O" -> "attn_output.bias";
      case "attn.q_norm.w" -> "attn_q_norm.weight";
      case "attn.k_norm.w" -> "attn_k_norm.weight";
      case "mlp.W_gate" -> "ffn_gate.weight";
      case "mlp.W_in" -> "ffn_up.weight";
      case "mlp.W_out" -> "ffn_down.weight";
      case "mlp.b_in" -> "ffn_up.bias";
      case "mlp.b_out" -> "ffn_down.bias";
      default -> part;
    };
  }
}
