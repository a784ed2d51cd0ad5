package dev.weir.train;

import dev.weir.tensor.Shape;

/// Which parameters are drawn to zero.
@FunctionalInterface
public interface Decay {

  /// Whether a parameter is drawn to zero.
  ///
  /// @param name its name, for instance `blocks.0.attn.W_Q`
  /// @param shape its axes
  boolean decays(String name, Shape shape);

  /// Matrices are, by their TransformerLens name `W_…`; biases, gains, connection weights and
  /// queries, which have no reason to be small, are not.
  static Decay matrices() {
    return (name, shape) -> shape.rank() > 1 && name.startsWith("W_", name.lastIndexOf('.') + 1);
  }
}
