package dev.weir.model.family;

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
import dev.weir.model.Parameters;
import dev.weir.model.PositionCode;
import dev.weir.model.Softcap;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.PreNorm;
import java.util.Collections;
import java.util.List;

/// Llama 1 to 3 (Touvron et al. 2023, arXiv:2302.13971 and 2307.09288; Grattafiori et al. 2024,
/// arXiv:2407.21783): RMS norms, rotary positions, a SwiGLU MLP, grouped queries.
final class Llama implements Family {

  @Override
  public List<String> modelTypes() {
    return List.of("llama");
  }

  @Override
  public TransformerSpec spec(Config config) {
    LlamaSizes sizes = LlamaSizes.of(config, 0, 2048);
    NormSpec norm = new NormSpec.RmsNorm(config.real("rms_norm_eps", 1e-6), Gain.PLAIN);
    AttentionSpec attention =
        sizes.attention(
            new Visibility.Causal(),
            new QkNorm.NoQkNorm(),
            config.flag("attention_bias", false) ? Biases.ALL : Biases.NONE);
    MlpSpec mlp =
        sizes.mlp(config.flag("mlp_bias", false) ? GatedBiases.EACH_MAP : GatedBiases.NONE);
    BlockSpec block = Blocks.preNorm(attention, mlp, Wiring.SEQUENTIAL, norm);
    int dVocab = config.size("vocab_size");
    return new TransformerSpec(
        "llama",
        config.size("hidden_size"),
        dVocab,
        dVocab,
        sizes.nCtx(),
        Collections.nCopies(config.layers("num_hidden_layers"), block),
        new PositionCode.NoPositions(),
        1,
        norm,
        LlamaLike.unembedding(config, false),
        new Softcap.Unbounded(),
        new PreNorm());
  }

  @Override
  public Parameters parameters(TransformerSpec spec, WeightTensors weights) {
    return new LlamaLike(LlamaLike.NormNames.llama()).parameters(spec, weights);
  }
}
