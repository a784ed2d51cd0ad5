package dev.weir.model.family;

import dev.weir.model.AttentionSpec;
import dev.weir.model.AttentionSpec.Biases;
import dev.weir.model.AttentionSpec.QkNorm;
import dev.weir.model.AttentionSpec.Visibility;
import dev.weir.model.MlpSpec;
import dev.weir.model.PositionCode;
import dev.weir.model.PositionCode.Rotary;
import dev.weir.model.Softcap;
import java.util.List;

/// The keys that the models descending from Llama share.
///
/// @param config the model's config
/// @param nHeads query heads
/// @param nKvHeads key/value heads
/// @param dHead size of a head
/// @param nCtx the longest text the model was made for, in tokens
record LlamaSizes(Config config, int nHeads, int nKvHeads, int dHead, int nCtx) {

  /// Reads them.
  ///
  /// @param config the model's config
  /// @param dHeadWhenAbsent size of a head where the config has no `head_dim`; 0 for `d_model /
  ///   n_heads`
  /// @param nCtxWhenAbsent the context where the config does not say
  static LlamaSizes of(Config config, int dHeadWhenAbsent, int nCtxWhenAbsent) {
    return of(config, dHeadWhenAbsent, nCtxWhenAbsent, 0);
  }

  /// Reads them.
  ///
  /// @param config the model's config
  /// @param dHeadWhenAbsent size of a head where the config has no `head_dim`; 0 for `d_model /
  ///   n_heads`
  /// @param nCtxWhenAbsent the context where the config does not say
  /// @param nKvHeadsWhenAbsent key/value heads where the config does not mention them; 0 for as
  ///   many as query heads
  static LlamaSizes of(
      Config config, int dHeadWhenAbsent, int nCtxWhenAbsent, int nKvHeadsWhenAbsent) {
    int nHeads = config.size("num_attention_heads");
    int dHead =
        dHeadWhenAbsent == 0 ? Math.max(1, config.size("hidden_size") / nHeads) : dHeadWhenAbsent;
    return new LlamaSizes(
        config,
        nHeads,
        config.size(
            "num_key_value_heads",
            config.mentions("num_key_value_heads") || nKvHeadsWhenAbsent == 0
                ? nHeads
                : nKvHeadsWhenAbsent),
        config.size("head_dim", dHead),
        config.size("max_position_embeddings", nCtxWhenAbsent));
  }

  Rotary rotary() {
    return new RopeConfig(config, dHead, 1, 10_000, nCtx).rotary();
  }

  /// Attention with rotary positions and the usual scale.
  AttentionSpec attention(Visibility visibility, QkNorm qkNorm, Biases biases) {
    return attention(1 / Math.sqrt(dHead), visibility, rotary(), qkNorm, biases);
  }

  AttentionSpec attention(
      double scale, Visibility visibility, PositionCode positions, QkNorm qkNorm, Biases biases) {
    return new AttentionSpec(
        nHeads,
        nKvHeads,
        dHead,
        scale,
        new Softcap.Unbounded(),
        visibility,
        positions,
        qkNorm,
        biases,
        1);
  }

  /// A gated MLP.
  MlpSpec.Gated mlp(MlpSpec.GatedBiases biases) {
    return new MlpSpec.Gated(
        config.size("intermediate_size"), Activations.parse(config, "hidden_act", "silu"), biases);
  }

  /// The kind of attention of each layer, as `layer_types` says; empty where it does not say.
  static List<String> layerTypes(Config config, int nLayers) {
    List<String> types = config.texts("layer_types").orElse(List.of());
    if (!types.isEmpty() && types.size() != nLayers) {
      throw FamilyException.badValue(
          "layer_types",
          types.size() + " entries",
          nLayers + ", one for each layer",
          config.where());
    }
    return types;
  }
}
