package dev.weir.model;

import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.List;
import java.util.Optional;

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

  /// Several maps as one, if their weights are slices of one tensor (GPT-2 stores queries, keys and
  /// values so): one product instead of several.
  ///
  /// @param axis the axis that its image has for the maps, before the axes that they bring in
  /// @param maps two at least, all with a bias
  static Optional<Projection> joined(String axis, List<Projection> maps) {
    List<Tensor> weights = maps.stream().map(Projection::matrix).toList();
    List<Tensor> biases =
        maps.stream().filter(Biased.class::isInstance).map(map -> ((Biased) map).bias()).toList();
    if (biases.size() != maps.size()) {
      return Optional.empty();
    }
    return Tensor.stackInPlace(axis, weights)
        .flatMap(weight -> Tensor.stackInPlace(axis, biases).map(bias -> new Biased(weight, bias)));
  }

  /// These tensors, kept by an owner.
  default Projection ownedBy(TensorOwner owner) {
    return switch (this) {
      case Plain(Tensor weight) -> new Plain(owner.own(weight));
      case Biased(Tensor weight, Tensor bias) -> new Biased(owner.own(weight), owner.own(bias));
    };
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
