package dev.weir.reference;

import dev.weir.model.AttentionSpec;
import dev.weir.model.BlockSpec;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.Parameters;
import dev.weir.model.PositionCode;
import dev.weir.model.Softcap;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.PreNorm;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import dev.weir.weights.Safetensors;
import dev.weir.weights.WeightEntry;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Models put together by hand, for files that no family describes.
final class HandBuilt {
  private final Map<String, Tensor> weights = new LinkedHashMap<>();

  /// Names the axes of a weight, outermost first as they lie.
  HandBuilt put(String name, Tensor flat, String axes, long... sizes) {
    weights.put(name, named(flat, axes, sizes));
    return this;
  }

  /// Numbers in a row with their axes named, outermost first.
  static Tensor named(Tensor flat, String axes, long... sizes) {
    String[] names = axes.split(" ", -1);
    Axis[] shape = new Axis[sizes.length];
    for (int i = 0; i < sizes.length; i++) {
      shape[i] = new Axis(names[i], sizes[i]);
    }
    return flat.split(flat.shape().names().getFirst(), shape);
  }

  Transformer build(TransformerSpec spec, DType dtype) {
    TensorOwner owner = new TensorOwner();
    try (Scope _ = Scope.open()) {
      Map<String, Tensor> owned = new LinkedHashMap<>();
      weights.forEach((name, weight) -> owned.put(name, owner.own(weight.to(dtype).copy())));
      return Transformer.of(spec, new Parameters(owned), owner, "test");
    }
  }

  /// All numbers of an entry in a row.
  static Tensor flat(Safetensors file, String name) {
    WeightEntry entry = file.entry(name);
    return Tensor.wrap(
        entry.bytes(), entry.dtype().orElseThrow(), Shape.of(new Axis("all", entry.elements())));
  }

  static AttentionSpec attention(
      int heads, int dHead, AttentionSpec.Visibility seen, boolean biases, double softmaxShare) {
    return new AttentionSpec(
        heads,
        heads,
        dHead,
        1 / Math.sqrt(dHead),
        new Softcap.Unbounded(),
        seen,
        new PositionCode.NoPositions(),
        new AttentionSpec.QkNorm.NoQkNorm(),
        biases ? AttentionSpec.Biases.ALL : AttentionSpec.Biases.NONE,
        softmaxShare);
  }

  /// A pre-norm transformer with learned positions and one kind of block.
  static TransformerSpec spec(
      int dModel,
      int dVocab,
      int nCtx,
      int nLayers,
      AttentionSpec attention,
      MlpSpec mlp,
      NormSpec norm,
      TransformerSpec.Unembedding unembedding) {
    NormSpec none = new NormSpec.NoNorm();
    BlockSpec block =
        new BlockSpec(attention, mlp, BlockSpec.Wiring.SEQUENTIAL, norm, none, norm, none);
    List<BlockSpec> blocks = Collections.nCopies(nLayers, block);
    return new TransformerSpec(
        "hand-built",
        dModel,
        dVocab,
        dVocab,
        nCtx,
        blocks,
        new PositionCode.Learned(),
        1,
        norm,
        unembedding,
        new Softcap.Unbounded(),
        new PreNorm());
  }
}
