package dev.weir.model.family;

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
import java.util.ArrayList;
import java.util.List;

/// Qwen 3 (Yang et al. 2025, arXiv:2505.09388): Llama with a norm over each head of queries and
/// keys.
final class Qwen3 implements Family {

  @Override
  public List<String> modelTypes() {
    return List.of("qwen3");
  }

  @Override
  public TransformerSpec spec(Config config) {
    LlamaSizes sizes = LlamaSizes.of(config, 128, 32_768, 32);
    NormSpec norm = new NormSpec.RmsNorm(config.real("rms_norm_eps", 1e-6), Gain.PLAIN);
    int nLayers = config.layers("num_hidden_layers");
    List<BlockSpec> blocks = new ArrayList<>();
    for (Visibility visibility : QwenWindows.of(config, nLayers)) {
      AttentionSpec attention =
          sizes.attention(
              visibility,
              new QkNorm.PerHead(norm),
              config.flag("attention_bias", false) ? Biases.ALL : Biases.NONE);
      blocks.add(
          Blocks.preNorm(attention, sizes.mlp(MlpSpec.GatedBiases.NONE), Wiring.SEQUENTIAL, norm));
    }
    int dVocab = config.size("vocab_size");
    return new TransformerSpec(
        "qwen3",
        config.size("hidden_size"),
        dVocab,
        dVocab,
        sizes.nCtx(),
        blocks,
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
