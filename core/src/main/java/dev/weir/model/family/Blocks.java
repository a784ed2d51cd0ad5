package dev.weir.model.family;

import dev.weir.model.AttentionSpec;
import dev.weir.model.BlockSpec;
import dev.weir.model.BlockSpec.Wiring;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.TransformerSpec;
import dev.weir.model.TransformerSpec.Unembedding;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Tensor;
import java.util.Map;

/// Parts that several families have in common.
final class Blocks {

  private Blocks() {}

  /// A block that norms what it reads and writes as it is.
  static BlockSpec preNorm(AttentionSpec attention, MlpSpec mlp, Wiring wiring, NormSpec norm) {
    NormSpec none = new NormSpec.NoNorm();
    boolean ownNorm = wiring != Wiring.PARALLEL_SHARED_NORM && !(mlp instanceof MlpSpec.NoMlp);
    return new BlockSpec(attention, mlp, wiring, norm, none, ownNorm ? norm : none, none);
  }

  static void layerNorm(
      WeightTensors weights, String from, Map<String, Tensor> found, String to, Axis... axes) {
    found.put(to + ".w", weights.get(from + ".weight", axes));
    found.put(to + ".b", weights.get(from + ".bias", axes));
  }

  static void rmsNorm(
      WeightTensors weights, String from, Map<String, Tensor> found, String to, Axis... axes) {
    found.put(to + ".w", weights.get(from + ".weight", axes));
  }

  /// Queries, keys and values with their biases from tensors with an axis `three`; as many key
  /// heads as query heads.
  static void splitQkv(
      Tensor qkv, Tensor bias, WeightTensors weights, Map<String, Tensor> found, String to) {
    splitQkv(qkv, weights, found, to);
    found.put(to + "b_Q", weights.keep(bias.at("three", 0)));
    found.put(to + "b_K", weights.keep(bias.at("three", 1).rename("head", "kv_head")));
    found.put(to + "b_V", weights.keep(bias.at("three", 2).rename("head", "kv_head")));
  }

  /// Queries, keys and values from one tensor with an axis `three`.
  static void splitQkv(Tensor qkv, WeightTensors weights, Map<String, Tensor> found, String to) {
    found.put(to + "W_Q", weights.keep(qkv.at("three", 0)));
    found.put(to + "W_K", weights.keep(qkv.at("three", 1).rename("head", "kv_head")));
    found.put(to + "W_V", weights.keep(qkv.at("three", 2).rename("head", "kv_head")));
  }

  /// The unembedding `[d_vocab, d_model]`, where the model has one of its own.
  static void unembedding(
      TransformerSpec spec, WeightTensors weights, String name, Map<String, Tensor> found) {
    if (spec.unembedding() == Unembedding.TIED) {
      weights.skip(name); // Some files hold a copy of the embedding under this name.
      return;
    }
    Axis dVocab = new Axis("d_vocab", spec.dVocabOut());
    found.put("unembed.W_U", weights.get(name, dVocab, new Axis("d_model", spec.dModel())));
  }
}
