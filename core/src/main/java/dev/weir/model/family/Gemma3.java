package dev.weir.model.family;

import dev.weir.model.AttentionSpec.QkNorm;
import dev.weir.model.BlockSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.NormSpec.Gain;
import dev.weir.model.Parameters;
import dev.weir.model.PositionCode;
import dev.weir.model.PositionCode.Rotary;
import dev.weir.model.Softcap;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.PreNorm;
import java.util.ArrayList;
import java.util.List;

/// Gemma 3, text only (Kamath et al. 2025, arXiv:2503.19786): Gemma 2 with normed queries and keys
/// in place of the score softcap; five local layers for each global one, with a rotary base each.
final class Gemma3 implements Family {

  @Override
  public List<String> modelTypes() {
    return List.of("gemma3_text");
  }

  @Override
  public TransformerSpec spec(Config config) {
    config.refuse("use_bidirectional_attention");
    LlamaSizes sizes = LlamaSizes.of(config, 256, 131_072, 4);
    int nLayers = config.layers("num_hidden_layers");
    NormSpec norm = new NormSpec.RmsNorm(config.real("rms_norm_eps", 1e-6), Gain.OFFSET_BY_ONE);
    List<BlockSpec> blocks = new ArrayList<>();
    for (boolean slides :
        GemmaLayers.slides(config, nLayers, config.size("sliding_window_pattern", 6))) {
      Rotary positions = slides ? local(config, sizes) : global(config, sizes);
      blocks.add(
          GemmaLayers.block(
              config,
              GemmaLayers.attention(config, sizes, slides, positions, new QkNorm.PerHead(norm)),
              norm));
    }
    int dVocab = config.size("vocab_size");
    return new TransformerSpec(
        "gemma3_text",
        config.size("hidden_size"),
        dVocab,
        dVocab,
        sizes.nCtx(),
        blocks,
        new PositionCode.NoPositions(),
        Math.sqrt(config.size("hidden_size")),
        norm,
        LlamaLike.unembedding(config, true),
        config.has("final_logit_softcapping")
            ? new Softcap.Tanh(config.real("final_logit_softcapping"))
            : new Softcap.Unbounded(),
        new PreNorm());
  }

  private static Rotary global(Config config, LlamaSizes sizes) {
    RopeConfig rope = new RopeConfig(config, sizes.dHead(), 1, 1_000_000, sizes.nCtx());
    return rope.rotary(
        config
            .object("rope_scaling")
            .or(() -> config.object("rope_parameters").flatMap(p -> p.object("full_attention"))));
  }

  private static Rotary local(Config config, LlamaSizes sizes) {
    return RopeConfig.unscaled(
        sizes.dHead(),
        config
            .object("rope_parameters")
            .flatMap(p -> p.object("sliding_attention"))
            .map(p -> p.real("rope_theta"))
            .orElseGet(() -> config.real("rope_local_base_freq", 10_000)));
  }

  @Override
  public Parameters parameters(TransformerSpec spec, WeightTensors weights) {
    return new LlamaLike(LlamaLike.NormNames.sandwich()).parameters(spec, weights);
  }
}
