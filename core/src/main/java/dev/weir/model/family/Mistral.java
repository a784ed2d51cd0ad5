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
import java.util.Collections;
import java.util.List;

/// Mistral (Jiang et al. 2023, arXiv:2310.06825): Llama with a sliding window in every layer.
final class Mistral implements Family {

  @Override
  public List<String> modelTypes() {
    return List.of("mistral");
  }

  @Override
  public TransformerSpec spec(Config config) {
    LlamaSizes sizes = LlamaSizes.of(config, 0, 131_072, 8);
    NormSpec norm = new NormSpec.RmsNorm(config.real("rms_norm_eps", 1e-6), Gain.PLAIN);
    AttentionSpec attention = sizes.attention(window(config), new QkNorm.NoQkNorm(), Biases.NONE);
    BlockSpec block =
        Blocks.preNorm(attention, sizes.mlp(MlpSpec.GatedBiases.NONE), Wiring.SEQUENTIAL, norm);
    int dVocab = config.size("vocab_size");
    return new TransformerSpec(
        "mistral",
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

  /// A window of 4,096 where the key is absent, none where it is `null`.
  private static Visibility window(Config config) {
    String key = "sliding_window";
    if (config.mentions(key) && !config.has(key)) {
      return new Visibility.Causal();
    }
    return new Visibility.SlidingWindow(config.size(key, 4096));
  }

  @Override
  public Parameters parameters(TransformerSpec spec, WeightTensors weights) {
    return new LlamaLike(LlamaLike.NormNames.llama()).parameters(spec, weights);
  }
}
