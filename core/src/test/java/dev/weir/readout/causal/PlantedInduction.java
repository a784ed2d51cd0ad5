package dev.weir.readout.causal;

import static java.util.Objects.requireNonNull;

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
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// An induction circuit written by hand into the weights of a model of two blocks, two heads each,
/// without MLPs and norms (Olsson et al. 2022, arXiv:2209.11895).
///
/// The stream has four parts: which token, which position, which token came before, which token
/// comes next. L0H0 looks one position back and writes the token there as the one before. L1H0 asks
/// for positions before which the present token stood, and writes the token there as the next. L0H1
/// and L1H1 do nothing.
final class PlantedInduction {
  private static final int TOKENS = 6;
  private static final int POSITIONS = 8;
  private static final int BEFORE = TOKENS + POSITIONS;
  private static final int NEXT = BEFORE + TOKENS;

  /// Scores that leave e^-40 for everything that is not looked for.
  private static final double SHARP = 40;

  private final Map<String, double[]> numbers = new LinkedHashMap<>();
  private final Map<String, Shape> shapes;

  private PlantedInduction(TransformerSpec spec) {
    this.shapes = ParameterLayout.of(spec);
    shapes.forEach((name, shape) -> numbers.put(name, new double[(int) shape.elements()]));
  }

  /// After `1 2` and `3 4` the token 1 comes again: 2 follows. With 1 and 3 exchanged 4 does. What
  /// differs between the two is what stood before 2 and 4, and nothing else that matters.
  static PromptPair pair() {
    return new PromptPair(
        new int[] {5, 1, 2, 0, 3, 4, 0, 1}, new int[] {5, 3, 2, 0, 1, 4, 0, 1}, 2, 4, "planted");
  }

  static Transformer model() {
    TransformerSpec spec = spec();
    PlantedInduction planted = new PlantedInduction(spec);
    planted.plant();
    TensorOwner owner = new TensorOwner();
    Map<String, Tensor> weights = new LinkedHashMap<>();
    try (Scope _ = Scope.open()) {
      planted.numbers.forEach((name, values) ->
          weights.put(
              name, owner.own(Tensor.of(values, requireNonNull(planted.shapes.get(name))))));
      return Transformer.of(spec, new Parameters(weights), owner, "planted");
    }
  }

  private static TransformerSpec spec() {
    NormSpec none = new NormSpec.NoNorm();
    AttentionSpec attention =
        new AttentionSpec(
            2,
            2,
            POSITIONS,
            1,
            new Softcap.Unbounded(),
            new AttentionSpec.Visibility.Causal(),
            new PositionCode.NoPositions(),
            new AttentionSpec.QkNorm.NoQkNorm(),
            AttentionSpec.Biases.NONE,
            1);
    BlockSpec block =
        new BlockSpec(
            attention, new MlpSpec.NoMlp(), BlockSpec.Wiring.SEQUENTIAL, none, none, none, none);
    return new TransformerSpec(
        "planted",
        NEXT + TOKENS,
        TOKENS,
        TOKENS,
        POSITIONS,
        Collections.nCopies(2, block),
        new PositionCode.Learned(),
        1,
        none,
        TransformerSpec.Unembedding.SEPARATE,
        new Softcap.Unbounded(),
        new PreNorm());
  }

  private void plant() {
    for (int token = 0; token < TOKENS; token++) {
      set("embed.W_E", 1, Map.of("d_vocab", token, "d_model", token));
      set("unembed.W_U", 1, Map.of("d_vocab", token, "d_model", NEXT + token));
      map("blocks.0.attn.W_V", token, token, 1);
      map("blocks.0.attn.W_O", BEFORE + token, token, 1);
      map("blocks.1.attn.W_Q", token, token, SHARP);
      map("blocks.1.attn.W_K", BEFORE + token, token, 1);
      map("blocks.1.attn.W_V", token, token, 1);
      map("blocks.1.attn.W_O", NEXT + token, token, 1);
    }
    for (int position = 0; position < POSITIONS; position++) {
      set("pos_embed.W_pos", 1, Map.of("n_ctx", position, "d_model", TOKENS + position));
      map("blocks.0.attn.W_Q", TOKENS + position, Math.max(0, position - 1), SHARP);
      map("blocks.0.attn.W_K", TOKENS + position, position, 1);
    }
  }

  /// One number of the first head's map between the stream and its own space.
  private void map(String name, int dModel, int dHead, double number) {
    String head = name.endsWith("W_K") || name.endsWith("W_V") ? "kv_head" : "head";
    set(name, number, Map.of(head, 0, "d_model", dModel, "d_head", dHead));
  }

  private void set(String name, double number, Map<String, Integer> at) {
    Shape shape = requireNonNull(shapes.get(name));
    int index = 0;
    for (String axis : shape.names()) {
      index = index * (int) shape.size(axis) + requireNonNull(at.get(axis));
    }
    requireNonNull(numbers.get(name))[index] = number;
  }
}
