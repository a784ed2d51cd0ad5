package dev.weir.model.family;

import dev.weir.model.Activation;
import dev.weir.model.AttentionSpec;
import dev.weir.model.AttentionSpec.Biases;
import dev.weir.model.AttentionSpec.QkNorm;
import dev.weir.model.AttentionSpec.Visibility;
import dev.weir.model.BlockSpec;
import dev.weir.model.BlockSpec.Wiring;
import dev.weir.model.MlpSpec;
import dev.weir.model.MlpSpec.GatedBiases;
import dev.weir.model.NormSpec;
import dev.weir.model.NormSpec.Gain;
import dev.weir.model.ParameterLayout;
import dev.weir.model.Parameters;
import dev.weir.model.PositionCode;
import dev.weir.model.PositionCode.Pairing;
import dev.weir.model.PositionCode.RotaryScaling;
import dev.weir.model.Softcap;
import dev.weir.model.TransformerSpec;
import dev.weir.model.TransformerSpec.Unembedding;
import dev.weir.pathway.PreNorm;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A state dict of TransformerLens's `HookedTransformer` with the fields of its config. Weights are
/// stored `[in, out]`, each head apart.
public final class TransformerLens {

  /// Whether a config is one of these.
  ///
  /// @param config a `config.json`
  public boolean claims(Config config) {
    return !config.has("model_type") && config.has("d_model") && config.has("d_head");
  }

  /// How the model is put together.
  ///
  /// @param config the fields of a `HookedTransformerConfig`
  public TransformerSpec spec(Config config) {
    PositionCode positions = positions(config);
    boolean rotary = positions instanceof PositionCode.Rotary;
    NormSpec norm = norm(config, config.text("normalization_type", "none"));
    BlockSpec block =
        Blocks.preNorm(
            attention(config, rotary ? positions : new PositionCode.NoPositions()),
            mlp(config),
            config.flag("parallel_attn_mlp", false) ? Wiring.PARALLEL : Wiring.SEQUENTIAL,
            norm);
    int dVocab = config.size("d_vocab");
    int dVocabOut = config.has("d_vocab_out") ? config.integer("d_vocab_out") : dVocab;
    return new TransformerSpec(
        "transformer_lens",
        config.size("d_model"),
        dVocab,
        dVocabOut == -1 ? dVocab : dVocabOut,
        config.size("n_ctx"),
        Collections.nCopies(config.layers("n_layers"), block),
        rotary ? new PositionCode.NoPositions() : positions,
        1,
        config.flag("final_rms", false) ? rmsOf(config, norm) : norm,
        Unembedding.SEPARATE_WITH_BIAS,
        softcap(config, "output_logits_soft_cap"),
        new PreNorm());
  }

  private static NormSpec rmsOf(Config config, NormSpec norm) {
    double epsilon = config.real("eps", 1e-5);
    return norm.hasGain()
        ? new NormSpec.RmsNorm(epsilon, Gain.PLAIN)
        : new NormSpec.RmsNormPre(epsilon);
  }

  private static NormSpec norm(Config config, String type) {
    double epsilon = config.real("eps", 1e-5);
    return switch (type) {
      case "none" -> new NormSpec.NoNorm();
      case "LN" -> new NormSpec.LayerNorm(epsilon);
      case "LNPre" -> new NormSpec.LayerNormPre(epsilon);
      case "RMS" -> new NormSpec.RmsNorm(epsilon, Gain.PLAIN);
      case "RMSPre" -> new NormSpec.RmsNormPre(epsilon);
      default ->
          throw FamilyException.badValue(
              "normalization_type", type, "LN, LNPre, RMS, RMSPre or null", config.where());
    };
  }

  private static PositionCode positions(Config config) {
    String type = config.text("positional_embedding_type", "standard");
    return switch (type) {
      case "standard" -> new PositionCode.Learned();
      case "shortformer" -> new PositionCode.Shortformer();
      case "rotary" ->
          new PositionCode.Rotary(
              config.size("rotary_dim", config.size("d_head")),
              config.real("rotary_base", 10_000),
              config.flag("rotary_adjacent_pairs", false) ? Pairing.ADJACENT : Pairing.HALVES,
              new RotaryScaling.Unscaled());
      default ->
          throw FamilyException.badValue(
              "positional_embedding_type", type, "standard, shortformer or rotary", config.where());
    };
  }

  private static AttentionSpec attention(Config config, PositionCode positions) {
    int dHead = config.size("d_head");
    int nHeads = config.size("n_heads", Math.max(1, config.size("d_model") / dHead));
    config.refuse("use_local_attn");
    config.refuse("scale_attn_by_inverse_layer_idx");
    config.refuse("use_qk_norm");
    boolean scaled = config.flag("use_attn_scale", true);
    double divisor = config.real("attn_scale", Math.sqrt(dHead));
    return new AttentionSpec(
        nHeads,
        config.size("n_key_value_heads", nHeads),
        dHead,
        scaled ? 1 / (divisor > 0 ? divisor : Math.sqrt(dHead)) : 1,
        softcap(config, "attn_scores_soft_cap"),
        config.text("attention_dir", "causal").equals("bidirectional")
            ? new Visibility.Bidirectional()
            : new Visibility.Causal(),
        positions,
        new QkNorm.NoQkNorm(),
        Biases.ALL,
        1);
  }

  private static Softcap softcap(Config config, String key) {
    double limit = config.real(key, -1);
    return limit > 0 ? new Softcap.Tanh(limit) : new Softcap.Unbounded();
  }

  private static MlpSpec mlp(Config config) {
    if (config.flag("attn_only", false)) {
      return new MlpSpec.NoMlp();
    }
    int dMlp = config.size("d_mlp", 4 * config.size("d_model"));
    Activation activation = Activations.parse(config, "act_fn", "-");
    return config.flag("gated_mlp", false)
        ? new MlpSpec.Gated(dMlp, activation, GatedBiases.PRODUCT)
        : new MlpSpec.Plain(dMlp, activation, true);
  }

  /// Its numbers.
  ///
  /// @param spec how the model is put together
  /// @param weights its state dict
  public Parameters parameters(TransformerSpec spec, WeightTensors weights) {
    Map<String, Tensor> found = new LinkedHashMap<>();
    ParameterLayout.of(spec).forEach((name, shape) -> find(name, shape, weights, found));
    weights.requireAllUsed(TransformerLens::isBuffer);
    return new Parameters(found);
  }

  private static void find(
      String name, Shape shape, WeightTensors weights, Map<String, Tensor> found) {
    String stored = weights.has(name) ? name : grouped(name);
    found.put(name, weights.get(stored, asStored(name, shape)));
  }

  /// Weights of grouped heads have an underscore in front.
  private static String grouped(String name) {
    int dot = name.lastIndexOf('.');
    return name.substring(0, dot + 1) + "_" + name.substring(dot + 1);
  }

  private static Axis[] asStored(String name, Shape shape) {
    String kind = name.substring(name.lastIndexOf('.') + 1);
    List<Axis> axes = shape.axes();
    return switch (kind) {
      case "W_Q", "W_K", "W_V" -> new Axis[] {axes.get(0), axes.get(2), axes.get(1)};
      case "W_in", "W_gate" -> new Axis[] {axes.get(1), axes.get(0)};
      default -> axes.toArray(Axis[]::new);
    };
  }

  private static boolean isBuffer(String name) {
    return name.endsWith("attn.mask")
        || name.endsWith("attn.IGNORE")
        || name.endsWith("attn.rotary_sin")
        || name.endsWith("attn.rotary_cos");
  }
}
