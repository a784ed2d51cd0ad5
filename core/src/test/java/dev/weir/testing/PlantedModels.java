package dev.weir.testing;

import dev.weir.model.Activation;
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
import dev.weir.pathway.PreNorm;
import dev.weir.tensor.DType;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/// Models whose weights were written by hand to do one known thing, for readouts to find. All their
/// stream is turned by a random rotation, so that nothing can be found by looking at coordinates.
public final class PlantedModels {
  /// How many tokens the induction model knows.
  public static final int TOKENS = 12;

  /// The longest text of the induction model, in tokens.
  public static final int CONTEXT = 24;

  /// What the induction model gives the logit of the token that it foresees.
  public static final double CONFIDENCE = 10;

  /// How sure of themselves planted heads are: what they look at outweighs all else by `e²⁰`.
  private static final double SHARPNESS = 20;

  private final TransformerSpec spec;
  private final Map<String, double[]> numbers = new LinkedHashMap<>();
  private final Map<String, Shape> shapes;

  private PlantedModels(TransformerSpec spec) {
    this.spec = spec;
    this.shapes = ParameterLayout.of(spec);
    shapes.forEach(
        (name, shape) -> numbers.put(name, new double[Math.toIntExact(shape.elements())]));
  }

  /// Two blocks of two heads and nothing else, with an induction circuit.
  ///
  /// The stream has four parts: which token is here and where it is (both written by the
  /// embeddings), which token was before (written by head L0H0, which attends to the position
  /// before), and which token comes next (written by head L1H1, which attends to where the token
  /// before is the one here, and read by the unembedding). So L0H0 is a previous-token head that
  /// composes by K with L1H1, an induction head, `W_E W_OV W_U` of L1H1 copies, and heads L0H1 and
  /// L1H0 do nothing. A text that repeats is continued as it went on before. At position 0 nothing
  /// stands before, and L0H0 can only look at itself; the keys of L1H1 take off there what it
  /// wrote.
  public static Transformer induction(DType dtype) {
    PlantedModels model = new PlantedModels(inductionSpec());
    int here = 0;
    int where = TOKENS;
    int before = where + CONTEXT;
    int next = before + TOKENS;
    for (int token = 0; token < TOKENS; token++) {
      model.set("embed.W_E", 1, token, here + token);
      model.set("unembed.W_U", CONFIDENCE, next + token, token);
      model.set("blocks.0.attn.W_V", 1, 0, token, here + token);
      model.set("blocks.0.attn.W_O", 1, 0, token, before + token);
      model.set("blocks.1.attn.W_Q", SHARPNESS, 1, token, here + token);
      model.set("blocks.1.attn.W_K", 1, 1, token, before + token);
      model.set("blocks.1.attn.W_K", -1, 1, token, where);
      model.set("blocks.1.attn.W_V", 1, 1, token, here + token);
      model.set("blocks.1.attn.W_O", 1, 1, token, next + token);
    }
    for (int position = 0; position < CONTEXT; position++) {
      model.set("pos_embed.W_pos", 1, position, where + position);
      model.set("blocks.0.attn.W_K", 1, 0, position, where + position);
      if (position > 0) {
        model.set("blocks.0.attn.W_Q", SHARPNESS, 0, position - 1, where + position);
      }
    }
    return model.build(dtype);
  }

  private static TransformerSpec inductionSpec() {
    return spec(3 * TOKENS + CONTEXT, TOKENS, CONTEXT, 2, CONTEXT, new MlpSpec.NoMlp());
  }

  /// Two blocks of six neurons in which neuron `from` of the first writes half of what neuron `to`
  /// of the second reads, and no other pair meets.
  ///
  /// @param from a neuron of block 0
  /// @param to a neuron of block 1
  public static Transformer virtualWeight(int from, int to, DType dtype) {
    int neurons = 6;
    PlantedModels model =
        new PlantedModels(
            spec(3 * neurons, 4, 8, 1, 2, new MlpSpec.Plain(neurons, Activation.RELU, false)));
    for (int neuron = 0; neuron < neurons; neuron++) {
      model.set("blocks.0.mlp.W_in", 1, neuron, neuron);
      model.set("blocks.0.mlp.W_out", 1, neuron, neurons + neuron);
      model.set("blocks.1.mlp.W_in", 1, neuron, 2 * neurons + neuron);
      model.set("blocks.1.mlp.W_out", 1, neuron, neuron);
    }
    model.set("blocks.1.mlp.W_in", 0.5, to, neurons + from);
    return model.build(dtype);
  }

  // ---------------------------------------------------------------- inside

  private static TransformerSpec spec(
      int dModel, int dVocab, int nCtx, int heads, int dHead, MlpSpec mlp) {
    NormSpec none = new NormSpec.NoNorm();
    AttentionSpec attention =
        new AttentionSpec(
            heads,
            heads,
            dHead,
            1,
            new Softcap.Unbounded(),
            new AttentionSpec.Visibility.Causal(),
            new PositionCode.NoPositions(),
            new AttentionSpec.QkNorm.NoQkNorm(),
            AttentionSpec.Biases.NONE,
            1);
    BlockSpec block =
        new BlockSpec(attention, mlp, BlockSpec.Wiring.SEQUENTIAL, none, none, none, none);
    return new TransformerSpec(
        "planted",
        dModel,
        dVocab,
        dVocab,
        nCtx,
        Collections.nCopies(2, block),
        new PositionCode.Learned(),
        1,
        none,
        TransformerSpec.Unembedding.SEPARATE,
        new Softcap.Unbounded(),
        new PreNorm());
  }

  /// Puts one number of a weight; indices as its shape in [ParameterLayout] has them.
  private void set(String name, double value, int... indices) {
    long[] sizes = shapes.get(name).sizes();
    int flat = 0;
    for (int axis = 0; axis < sizes.length; axis++) {
      flat = flat * Math.toIntExact(sizes[axis]) + indices[axis];
    }
    numbers.get(name)[flat] = value;
  }

  private Transformer build(DType dtype) {
    TensorOwner owner = new TensorOwner();
    try (Scope _ = Scope.open()) {
      Tensor rotation =
          LinearAlgebra.orthogonal("d_model", "turned", spec.dModel(), new SplittableRandom(7));
      Map<String, Tensor> weights = new LinkedHashMap<>();
      numbers.forEach((name, values) -> {
        Tensor turned =
            Tensor.of(values, shapes.get(name))
                .dot(rotation, "d_model")
                .rename("turned", "d_model");
        weights.put(name, owner.own(turned.to(dtype).copy()));
      });
      return Transformer.of(spec, new Parameters(weights), owner, "planted");
    }
  }
}
