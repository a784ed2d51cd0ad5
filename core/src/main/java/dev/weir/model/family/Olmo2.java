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

/// OLMo 2 (Team OLMo 2024, arXiv:2501.00656): sublayers read the stream as it is and write through
/// a norm; queries and keys are normed over all heads together.
final class Olmo2 implements Family {

  @Override
  public List<String> modelTypes() {
    return List.of("olmo2");
  }

  @Override
  public TransformerSpec spec(Config config) {
    LlamaSizes sizes = LlamaSizes.of(config, 0, 2048);
    NormSpec norm = new NormSpec.RmsNorm(config.real("rms_norm_eps", 1e-5), Gain.PLAIN);
    NormSpec none = new NormSpec.NoNorm();
    AttentionSpec attention =
        sizes.attention(
            new Visibility.Causal(),
            new QkNorm.AcrossHeads(norm),
            config.flag("attention_bias", false) ? Biases.ALL : Biases.NONE);
    BlockSpec block =
        new BlockSpec(
            attention,
            sizes.mlp(MlpSpec.GatedBiases.NONE),
            Wiring.SEQUENTIAL,
            none,
            norm,
            none,
            norm);
    int dVocab = config.size("vocab_size");
    return new TransformerSpec(
        "olmo2",
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
    return new LlamaLike(LlamaLike.NormNames.postNorm()).parameters(spec, weights);
  }
}
