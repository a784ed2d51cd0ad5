package dev.weir.train;

import dev.weir.model.NormSpec;
import dev.weir.model.ParameterLayout;
import dev.weir.model.Parameters;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.Weight;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/// The numbers a model starts from (Radford et al. 2019, section 2.3): matrices from a normal
/// distribution, those that write to the stream smaller the more of them there are, gains one and
/// biases zero.
///
/// @param deviation the standard deviation of a matrix
/// @param seed where the luck comes from
public record Initialization(double deviation, long seed) {
  private static final double WIDE = 768;
  private static final double DEVIATION_OF_WIDE = 0.02;

  /// How large matrices start, if nobody says: 0.02 at a width of 768 as in GPT-2, and such that
  /// what they give is as large at narrower widths; at 0.02 their attention would begin so even
  /// that it learns nothing for long.
  ///
  /// @param dModel width of the residual stream
  public static double usualDeviation(int dModel) {
    return DEVIATION_OF_WIDE * Math.sqrt(Math.max(1, WIDE / dModel));
  }

  /// Parameters that gradients can be asked of.
  ///
  /// @param spec which model they are for
  /// @param dtype how to store them
  /// @param owner who keeps them
  public Parameters parameters(TransformerSpec spec, DType dtype, TensorOwner owner) {
    Map<String, Weight> declared = ParameterLayout.declared(spec);
    Map<String, Tensor> made = new LinkedHashMap<>();
    ParameterLayout.of(spec)
        .forEach((name, shape) -> {
          RandomGenerator random = luck(name);
          try (Scope _ = Scope.open()) {
            Tensor start =
                (declared.containsKey(name)
                        ? declared(declared.get(name), random)
                        : start(name, shape, spec, random))
                    .to(dtype);
            made.put(name, owner.own(start.asParameter()));
          }
        });
    return new Parameters(made);
  }

  /// Each weight has luck of its own, from the seed and its name: weights that two models share
  /// start from the same numbers, whatever else either of them has.
  private RandomGenerator luck(String name) {
    long mixed = new SplittableRandom(seed).nextLong();
    for (int i = 0; i < name.length(); i++) {
      mixed = new SplittableRandom(mixed ^ name.charAt(i)).nextLong();
    }
    return new SplittableRandom(mixed);
  }

  /// What a pathway or a mixer says its weight starts from.
  private static Tensor declared(Weight weight, RandomGenerator random) {
    Shape shape = weight.shape();
    return switch (weight.start()) {
      case Weight.Start.Constant(double value) -> Tensor.zeros(shape, DType.FLOAT32).plus(value);
      case Weight.Start.Numbers(List<Double> values) ->
          Tensor.of(values.stream().mapToDouble(Double::doubleValue).toArray(), shape)
              .to(DType.FLOAT32);
      case Weight.Start.Identity() -> identity(shape);
      case Weight.Start.Normal(double scale) -> Tensor.gaussian(shape, scale, random);
      case Weight.Start.Uniform(double bound) -> uniform(shape, bound, random);
    };
  }

  private static Tensor identity(Shape shape) {
    float[] values = new float[Math.toIntExact(shape.elements())];
    int width = Math.toIntExact(Math.round(Math.sqrt(values.length)));
    for (int i = 0; i < width; i++) {
      values[i * width + i] = 1;
    }
    return Tensor.of(values, shape);
  }

  private static Tensor uniform(Shape shape, double bound, RandomGenerator random) {
    float[] values = new float[Math.toIntExact(shape.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-bound, bound);
    }
    return Tensor.of(values, shape);
  }

  private Tensor start(String name, Shape shape, TransformerSpec spec, RandomGenerator random) {
    String last = name.substring(name.lastIndexOf('.') + 1);
    if (last.startsWith("W_")) {
      boolean writes = last.equals("W_O") || last.equals("W_out");
      double depth = writes ? Math.sqrt(2.0 * spec.nLayers()) : 1;
      double factor = spec.pathway().startFactor(name, spec.depth());
      return Tensor.gaussian(shape, deviation / depth * factor, random);
    }
    Tensor zeros = Tensor.zeros(shape, DType.FLOAT32);
    return last.equals("w") ? zeros.plus(neutralGain(spec)) : zeros;
  }

  /// What a stored gain is when it changes nothing.
  private static double neutralGain(TransformerSpec spec) {
    return spec.lnFinal() instanceof NormSpec.RmsNorm(_, NormSpec.Gain gain)
            && gain == NormSpec.Gain.OFFSET_BY_ONE
        ? 0
        : 1;
  }
}
