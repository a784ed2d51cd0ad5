package dev.weir.model;

/// A model with parts of its norms and biases folded into other weights: a model of its own, which
/// computes what the raw one does. Close it when done.
///
/// @param model the new model
/// @param coordinates what was folded
public record Folded(Transformer model, Coordinates coordinates) implements AutoCloseable {

  /// Frees the new model's weights; the raw model is not touched.
  @Override
  public void close() {
    model.close();
  }
}
