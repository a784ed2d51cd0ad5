package dev.weir.model;

import dev.weir.tensor.Tensor;

/// A linear map, with or without a bias.
public sealed interface Projection {

  /// `x W`.
  ///
  /// @param weight any shape: the axes that it sums over and those that it brings in
  record Plain(Tensor weight) implements Projection {}

  /// `x W + b`.
  ///
  /// @param weight any shape: the axes that it sums over and those that it brings in
  /// @param bias its axes are those that the weight brings in
  record Biased(Tensor weight, Tensor bias) implements Projection {}

  /// The map of a model's weights of these names.
  ///
  /// @param parameters the model's numbers
  /// @param weight the name of the weight
  /// @param bias the name of the bias, which need not be there
  static Projection of(Parameters parameters, String weight, String bias) {
    return parameters
        .find(bias)
        .<Projection>map(b -> new Biased(parameters.get(weight), b))
        .orElseGet(() -> new Plain(parameters.get(weight)));
  }

  /// The image of `x`: its axes without those summed over, then those that the weight brings in.
  ///
  /// @param x `[batch, pos, ..]`
  /// @param axes the names to sum over
  default Tensor apply(Tensor x, String... axes) {
    return switch (this) {
      case Plain(Tensor weight) -> x.dot(weight, axes);
      case Biased(Tensor weight, Tensor bias) -> x.dotPlus(weight, bias, axes);
    };
  }

  /// The linear part; its axes in any order.
  default Tensor matrix() {
    return switch (this) {
      case Plain(Tensor weight) -> weight;
      case Biased(Tensor weight, Tensor _) -> weight;
    };
  }
}
