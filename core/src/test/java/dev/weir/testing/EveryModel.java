package dev.weir.testing;

import dev.weir.model.ParameterLayout;
import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.tensor.DType;
import dev.weir.tensor.Device;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/// The golden models, and a random one of every pathway and local mixer.
public final class EveryModel {
  private EveryModel() {}

  /// Every one, by name.
  public static Stream<String> names() {
    return Stream.concat(GoldenModels.names(), PathwayModels.names());
  }

  /// One of them.
  public static Transformer open(String name, DType dtype) {
    return PathwayModels.has(name)
        ? random(PathwayModels.spec(name), dtype)
        : GoldenModels.open(name, dtype);
  }

  /// A text for it.
  public static int[] tokens(String name) {
    return PathwayModels.has(name)
        ? new int[] {3, 1, 4, 1, 5, 9, 2, 6, 5, 3}
        : GoldenModels.tokens(name);
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
