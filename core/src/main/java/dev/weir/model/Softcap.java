package dev.weir.model;

import dev.weir.tensor.Tensor;

/// How large a score may grow (Gemma 2, arXiv:2408.00118, section 2).
public sealed interface Softcap {

  /// As large as it likes.
  record Unbounded() implements Softcap {}

  /// Up to `limit`, through `limit · tanh(x / limit)`.
  record Tanh(double limit) implements Softcap {}

  /// The scores after the cap, same shape.
  ///
  /// @param scores before it, any shape
  default Tensor applyTo(Tensor scores) {
    return switch (this) {
      case Unbounded() -> scores;
      case Tanh(double limit) -> scores.times(1 / limit).tanh().times(limit);
    };
  }
}
