package dev.weir.model.family;

import dev.weir.model.Activation;
import dev.weir.model.AttentionSpec;
import dev.weir.model.AttentionSpec.Biases;
import dev.weir.model.AttentionSpec.QkNorm;
import dev.weir.model.AttentionSpec.Visibility;
import dev.weir.model.BlockSpec;
import dev.weir.model.BlockSpec.Wiring;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.NormSpec.Gain;
import dev.weir.model.Parameters;
import dev.weir.model.PositionCode;
import dev.weir.model.Softcap;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.PreNorm;
import java.util.Collections;
import java.util.List;

/// Gemma 1 (Mesnard et al. 2024, arXiv:2403.08295): Llama with scaled embeddings, gains stored less
/// one, and a tanh-GELU gate, whatever its config calls it.
final class Gemma implements Family {

  @Override
  public List<String> modelTypes() {
    return List.of("gemma");
  }

  @Override
  public TransformerSpec spec(Config config) {
    LlamaSizes sizes = LlamaSizes.of(config, 256, 8192, 16);
    NormSpec norm = new NormSpec.RmsNorm(config.real("rms_norm_eps", 1e-6), Gain.OFFSET_BY_ONE);
    AttentionSpec attention =
        sizes.attention(
            new Visibility.Causal(),
            new QkNorm.NoQkNorm(),
            config.flag("attention_bias", false) ? Biases.ALL : Biases.NONE);
    MlpSpec mlp =
        new MlpSpec.Gated(
            config.size("intermediate_size"), Activation.GELU_TANH, MlpSpec.GatedBiases.NONE);
    BlockSpec block = Blocks.preNorm(attention, mlp, Wiring.SEQUENTIAL, norm);
    int dVocab = config.size("vocab_size");
    return new TransformerSpec(
        "gemma",
        config.size("hidden_size"),
        dVocab,
        dVocab,
        sizes.nCtx(),
        Collections.nCopies(config.layers("num_hidden_layers"), block),
        new PositionCode.NoPositions(),
        Math.sqrt(config.size("hidden_size")),
        norm,
        LlamaLike.unembedding(config, true),
        new Softcap.Unbounded(),
        new PreNorm());
  }

  @Override
  public Parameters parameters(TransformerSpec spec, WeightTensors weights) {
    return new LlamaLike(LlamaLike.NormNames.llama()).parameters(spec, weights);
  }
}
