package dev.weir.pathway;

import dev.weir.tensor.Tensor;

/// The numbers of a model, by name.
public interface Weights {

  /// The weight of this name; its axes are those that its owner asked for, in any order.
  ///
  /// @param name for instance `blocks.0.path.alpha`
  Tensor get(String name);
}
