package dev.weir.model.family;

import dev.weir.model.AttentionSpec;
import dev.weir.model.AttentionSpec.QkNorm;
import dev.weir.model.BlockSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.NormSpec.Gain;
import dev.weir.model.Parameters;
import dev.weir.model.PositionCode;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.PreNorm;
import java.util.ArrayList;
import java.util.List;

/// Gemma 2 (Riviere et al. 2024, arXiv:2408.00118): norms on what is read and on what is written,
/// softcaps, windows in every other layer.
final class Gemma2 implements Family {

  @Override
  public List<String> modelTypes() {
    return List.of("gemma2");
  }

  @Override
  public TransformerSpec spec(Config config) {
    LlamaSizes sizes = LlamaSizes.of(config, 256, 8192, 4);
    int nLayers = config.layers("num_hidden_layers");
    NormSpec norm = new NormSpec.RmsNorm(config.real("rms_norm_eps", 1e-6), Gain.OFFSET_BY_ONE);
    List<BlockSpec> blocks = new ArrayList<>();
    for (boolean slides : GemmaLayers.slides(config, nLayers, 2)) {
      AttentionSpec attention =
          GemmaLayers.attention(config, sizes, slides, sizes.rotary(), new QkNorm.NoQkNorm())
              .withSoftcap(GemmaLayers.softcap(config, "attn_logit_softcapping", 50));
      blocks.add(GemmaLayers.block(config, attention, norm));
    }
    int dVocab = config.size("vocab_size");
    return new TransformerSpec(
        "gemma2",
        config.size("hidden_size"),
        dVocab,
        dVocab,
        sizes.nCtx(),
        blocks,
        new PositionCode.NoPositions(),
        Math.sqrt(config.size("hidden_size")),
        norm,
        LlamaLike.unembedding(config, true),
        GemmaLayers.softcap(config, "final_logit_softcapping", 30),
        new PreNorm());
  }

  @Override
  public Parameters parameters(TransformerSpec spec, WeightTensors weights) {
    return new LlamaLike(LlamaLike.NormNames.sandwich()).parameters(spec, weights);
  }
}
