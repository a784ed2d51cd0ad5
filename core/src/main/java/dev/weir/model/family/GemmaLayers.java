package dev.weir.model.family;

import dev.weir.model.AttentionSpec;
import dev.weir.model.AttentionSpec.Biases;
import dev.weir.model.AttentionSpec.QkNorm;
import dev.weir.model.AttentionSpec.Visibility;
import dev.weir.model.BlockSpec;
import dev.weir.model.BlockSpec.Wiring;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.PositionCode.Rotary;
import dev.weir.model.Softcap;
import java.util.ArrayList;
import java.util.List;

/// What Gemma 2 and 3 have in common: norms on both sides of each sublayer, windows in some layers.
final class GemmaLayers {

  private GemmaLayers() {}

  /// Whether each layer sees a window only: as `layer_types` says, or all but every `period`-th.
  static List<Boolean> slides(Config config, int nLayers, int period) {
    List<String> types = LlamaSizes.layerTypes(config, nLayers);
    List<Boolean> slides = new ArrayList<>();
    for (int layer = 0; layer < nLayers; layer++) {
      slides.add(
          types.isEmpty()
              ? (layer + 1) % period != 0
              : types.get(layer).equals("sliding_attention"));
    }
    return slides;
  }

  static AttentionSpec attention(
      Config config, LlamaSizes sizes, boolean slides, Rotary positions, QkNorm qkNorm) {
    return sizes.attention(
        1 / Math.sqrt(config.real("query_pre_attn_scalar", 256)),
        slides
            ? new Visibility.SlidingWindow(config.size("sliding_window", 4096))
            : new Visibility.Causal(),
        positions,
        qkNorm,
        config.flag("attention_bias", false) ? Biases.ALL : Biases.NONE);
  }

  static BlockSpec block(Config config, AttentionSpec attention, NormSpec norm) {
    MlpSpec mlp =
        new MlpSpec.Gated(
            config.size("intermediate_size"),
            Activations.parse(config, "hidden_activation", "gelu_pytorch_tanh"),
            MlpSpec.GatedBiases.NONE);
    return new BlockSpec(attention, mlp, Wiring.SEQUENTIAL, norm, norm, norm, norm);
  }

  /// A cap where the key is absent, none where it is `null`.
  static Softcap softcap(Config config, String key, double absent) {
    return config.mentions(key) && !config.has(key)
        ? new Softcap.Unbounded()
        : new Softcap.Tanh(config.real(key, absent));
  }
}
