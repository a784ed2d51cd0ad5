package dev.weir.train;

import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;

/// How often a model's first choice is right, among the predictions that count.
///
/// @param right how many predictions were right
/// @param counted how many there were
public record Accuracy(long right, long counted) {

  /// Nothing predicted yet.
  public static Accuracy none() {
    return new Accuracy(0, 0);
  }

  /// Of one batch.
  ///
  /// @param logits the model's scores for its inputs, `[batch, pos, d_vocab]`
  /// @param batch the examples
  public static Accuracy of(Tensor logits, Batch batch) {
    try (Scope _ = Scope.open()) {
      long[] choices = logits.argmax("d_vocab").order("batch", "pos").toLongs();
      long right = 0;
      for (int i = 0; i < choices.length; i++) {
        Example example = batch.examples().get(i / batch.length());
        int pos = i % batch.length();
        if (example.weights()[pos] > 0 && choices[i] == example.targets()[pos]) {
          right++;
        }
      }
      return new Accuracy(right, batch.counted());
    }
  }

  /// This and more predictions together.
  ///
  /// @param other the others
  public Accuracy plus(Accuracy other) {
    return new Accuracy(right + other.right, counted + other.counted);
  }

  /// The share that was right, from 0 to 1; not a number if nothing was predicted.
  public double share() {
    return right / (double) counted;
  }
}
