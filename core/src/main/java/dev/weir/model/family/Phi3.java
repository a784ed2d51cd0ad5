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

/// Phi-3 (Abdin et al. 2024, arXiv:2404.14219): Llama with fused maps and LongRoPE.
final class Phi3 implements Family {

  @Override
  public List<String> modelTypes() {
    return List.of("phi3");
  }

  @Override
  public TransformerSpec spec(Config config) {
    LlamaSizes sizes = LlamaSizes.of(config, 0, 4096);
    NormSpec norm = new NormSpec.RmsNorm(config.real("rms_norm_eps", 1e-5), Gain.PLAIN);
    Visibility visibility =
        config.has("sliding_window")
            ? new Visibility.SlidingWindow(config.size("sliding_window"))
            : new Visibility.Causal();
    PositionCode positions =
        new RopeConfig(config, sizes.dHead(), 1, 10_000, sizes.nCtx()).longRope();
    AttentionSpec attention =
        sizes.attention(
            1 / Math.sqrt(sizes.dHead()),
            visibility,
            positions,
            new QkNorm.NoQkNorm(),
            Biases.NONE);
    BlockSpec block =
        Blocks.preNorm(attention, sizes.mlp(MlpSpec.GatedBiases.NONE), Wiring.SEQUENTIAL, norm);
    int dVocab = config.size("vocab_size");
    return new TransformerSpec(
        "phi3",
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
