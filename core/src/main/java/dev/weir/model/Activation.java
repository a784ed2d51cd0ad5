package dev.weir.model;

import dev.weir.tensor.Tensor;

/// The nonlinearity of an MLP.
public enum Activation {
  /// `max(x, 0)`.
  RELU,
  /// `x · Φ(x)`.
  GELU,
  /// GPT-2's tanh approximation of GELU.
  GELU_TANH,
  /// `x · sigmoid(x)`.
  SILU,
  /// `x · sigmoid(1.702 x)`.
  QUICK_GELU,
  /// The number itself: the MLP is then a linear map.
  IDENTITY;

  /// What it makes of every number, same shape.
  ///
  /// @param x any shape
  public Tensor applyTo(Tensor x) {
    return switch (this) {
      case RELU -> x.relu();
      case GELU -> x.gelu();
      case GELU_TANH -> x.geluTanh();
      case SILU -> x.silu();
      case QUICK_GELU -> x.times(x.times(1.702).sigmoid());
      case IDENTITY -> x;
    };
  }
}
