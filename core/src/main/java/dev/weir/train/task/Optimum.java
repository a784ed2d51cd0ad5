package dev.weir.train.task;

/// The lowest mean cross entropy that any model can reach on a task.
///
/// @param crossEntropy nats per counted prediction
/// @param within how far off it may be, nats; 0 if it is exact to rounding
/// @param method how it was found
public record Optimum(double crossEntropy, double within, Method method) {

  /// How an optimum was found.
  public enum Method {
    /// The text determines each counted answer.
    DETERMINED,
    /// Summed over all texts.
    ENUMERATED,
    /// Summed over all texts up to a length, and bounded from both sides beyond.
    BOUNDED
  }

  /// Nothing is left to luck.
  static Optimum determined() {
    return new Optimum(0, 0, Method.DETERMINED);
  }
}
