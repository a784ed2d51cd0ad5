package dev.weir.readout.memory;

import dev.weir.model.AttentionSpec;
import dev.weir.model.BlockSpec;
import dev.weir.model.MlpSpec;
import dev.weir.model.NormSpec;
import dev.weir.model.ParameterLayout;
import dev.weir.model.Parameters;
import dev.weir.model.PositionCode;
import dev.weir.model.Softcap;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.PathwaySpec;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/// Models of heads alone that are written by hand: two blocks of two heads, a stream of eight
/// numbers without norms, and heads that see the current token alone.
final class Planted {
  static final int WIDTH = 8;
  static final int D_HEAD = 4;
  static final int[] TOKENS = {0, 1, 2, 3, 1, 5, 0};

  private final TransformerSpec spec;
  private final Map<String, double[]> numbers = new LinkedHashMap<>();
  private final Map<String, Shape> shapes;

  Planted(PathwaySpec pathway) {
    NormSpec none = new NormSpec.NoNorm();
    AttentionSpec attention =
        new AttentionSpec(
            2,
            2,
            D_HEAD,
            1,
            new Softcap.Unbounded(),
            new AttentionSpec.Visibility.SlidingWindow(1),
            new PositionCode.NoPositions(),
            new AttentionSpec.QkNorm.NoQkNorm(),
            AttentionSpec.Biases.NONE,
            1);
    BlockSpec block =
        new BlockSpec(
            attention, new MlpSpec.NoMlp(), BlockSpec.Wiring.SEQUENTIAL, none, none, none, none);
    this.spec =
        new TransformerSpec(
            "planted",
            WIDTH,
            WIDTH,
            WIDTH,
            32,
            Collections.nCopies(2, block),
            new PositionCode.NoPositions(),
            1,
            none,
            TransformerSpec.Unembedding.SEPARATE,
            new Softcap.Unbounded(),
            pathway);
    this.shapes = ParameterLayout.of(spec);
    shapes.forEach(
        (name, shape) -> numbers.put(name, new double[Math.toIntExact(shape.elements())]));
    for (int i = 0; i < WIDTH; i++) {
      set("embed.W_E", 1, i, i);
      set("unembed.W_U", 1, i, i);
    }
  }

  /// A head reads one number of the stream and writes it to another, times a factor.
  Planted head(int layer, int head, int channel, int from, int to, double factor) {
    set("blocks.%d.attn.W_V".formatted(layer), 1, head, channel, from);
    set("blocks.%d.attn.W_O".formatted(layer), factor, head, channel, to);
    return this;
  }

  /// Sets one number; the indices in the order of the axes.
  Planted set(String name, double value, int... indices) {
    int at = 0;
    for (int i = 0; i < indices.length; i++) {
      at = at * Math.toIntExact(shape(name).axes().get(i).size()) + indices[i];
    }
    Objects.requireNonNull(numbers.get(name))[at] = value;
    return this;
  }

  private Shape shape(String name) {
    return Objects.requireNonNull(shapes.get(name));
  }

  Transformer model() {
    TensorOwner owner = new TensorOwner();
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    try (Scope _ = Scope.open()) {
      numbers.forEach((name, values) ->
          tensors.put(name, owner.own(Tensor.of(values, shape(name)).to(DType.FLOAT64).copy())));
      return Transformer.of(spec, new Parameters(tensors), owner, "planted");
    }
  }
}
