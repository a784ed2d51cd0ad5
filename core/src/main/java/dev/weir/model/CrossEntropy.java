package dev.weir.model;

import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.Arrays;

/// How surprised a model is by a text: the cross entropy of each token given those before, in nats.
///
/// @param perToken one for each token but the first
@SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
public record CrossEntropy(double[] perToken) {

  /// Of a text.
  ///
  /// @param logits the model's scores for it, `[pos, d_vocab]`
  /// @param tokens the text
  public static CrossEntropy of(Tensor logits, int[] tokens) {
    try (Scope _ = Scope.open()) {
      long predictions = tokens.length - 1L;
      long[] next = Arrays.stream(tokens).skip(1).asLongStream().toArray();
      Tensor targets = Tensor.of(next, Shape.of(new Axis("pos", predictions))).to(logits.device());
      Tensor scores = widened(logits.slice("pos", 0, predictions));
      Tensor chosen = scores.pick("d_vocab", targets);
      return new CrossEntropy(scores.logSumExp("d_vocab").minus(chosen).toDoubles());
    }
  }

  private static Tensor widened(Tensor logits) {
    return logits.dtype() == DType.FLOAT64 ? logits : logits.to(DType.FLOAT32);
  }

  /// The mean over all predictions, nats per token.
  public double mean() {
    return sum() / perToken.length;
  }

  /// The sum over all predictions, nats.
  public double sum() {
    return Arrays.stream(perToken).sum();
  }
}
