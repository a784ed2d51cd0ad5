package dev.weir.model.family;

import dev.weir.model.Parameters;
import dev.weir.model.PositionCode.Pairing;
import dev.weir.model.PositionCode.Rotary;
import dev.weir.model.TransformerSpec;
import dev.weir.weights.Llama2cConfig;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// A llama2.c file: Llama with neighbouring dimensions turning together.
final class Llama2cModel {

  private Llama2cModel() {}

  static TransformerSpec spec(Llama2cConfig header, String where) {
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.put("hidden_size", header.dModel());
    config.put("intermediate_size", header.dMlp());
    config.put("num_hidden_layers", header.nLayers());
    config.put("num_attention_heads", header.nHeads());
    config.put("num_key_value_heads", header.nKvHeads());
    config.put("vocab_size", header.dVocab());
    config.put("max_position_embeddings", header.nCtx());
    config.put("rms_norm_eps", 1e-5);
    config.put("tie_word_embeddings", header.unembedding() == Llama2cConfig.Unembedding.TIED);
    return withAdjacentPairs(new Llama().spec(new Config(config, where)));
  }

  static TransformerSpec withAdjacentPairs(TransformerSpec spec) {
    return spec.mapBlocks(block ->
        block.attention().positions()
                instanceof Rotary(int dimensions, double theta, _, var scaling)
            ? block.withAttention(
                block
                    .attention()
                    .withPositions(new Rotary(dimensions, theta, Pairing.ADJACENT, scaling)))
            : block);
  }

  static Parameters parameters(TransformerSpec spec, WeightTensors weights) {
    return new Llama().parameters(spec, weights);
  }
}
