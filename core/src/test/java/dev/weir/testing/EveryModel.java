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
import dev.weir.tensor.DType;
import dev.weir.tensor.Device;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/// The golden models and random ones of the pathways that no published family has.
public final class EveryModel {
  private static final String POST_NORM = "random/post_norm";

  private EveryModel() {}

  /// Every one, by name.
  public static Stream<String> names() {
    return Stream.concat(GoldenModels.names(), Stream.of(POST_NORM));
  }

  /// One of them.
  public static Transformer open(String name, DType dtype) {
    return name.equals(POST_NORM) ? random(postNorm(), dtype) : GoldenModels.open(name, dtype);
  }

  /// A text for it.
  public static int[] tokens(String name) {
    return name.equals(POST_NORM)
        ? new int[] {3, 1, 4, 1, 5, 9, 2, 6, 5, 3}
        : GoldenModels.tokens(name);
  }

  private static TransformerSpec postNorm() {
    AttentionSpec attention =
        new AttentionSpec(
            2,
            2,
            6,
            0.4,
            new Softcap.Unbounded(),
            new AttentionSpec.Visibility.Causal(),
            new PositionCode.NoPositions(),
            new AttentionSpec.QkNorm.NoQkNorm(),
            AttentionSpec.Biases.ALL,
            1);
    NormSpec none = new NormSpec.NoNorm();
    BlockSpec block =
        new BlockSpec(
            attention,
            new MlpSpec.Plain(20, Activation.GELU, true),
            BlockSpec.Wiring.SEQUENTIAL,
            none,
            none,
            none,
            none);
    return new TransformerSpec(
        "post-norm",
        12,
        16,
        16,
        32,
        Collections.nCopies(3, block),
        new PositionCode.Learned(),
        1,
        none,
        TransformerSpec.Unembedding.SEPARATE_WITH_BIAS,
        new Softcap.Unbounded(),
        new TransformerSpec.PathwaySpec.PostNorm(1e-5));
  }

  /// A model of this kind with independent random numbers, the same each time.
  public static Transformer random(TransformerSpec spec, DType dtype) {
    TensorOwner owner = new TensorOwner();
    SplittableRandom random = new SplittableRandom(20);
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    try (Scope _ = Scope.open()) {
      ParameterLayout.of(spec)
          .forEach((name, shape) ->
              tensors.put(name, owner.own(Tensor.gaussian(shape, 0.5, random).to(dtype).copy())));
      return Transformer.of(
          spec, new Parameters(tensors).to(dtype, new Device.Cpu()), owner, "random");
    }
  }
}
