package dev.weir.train;

import dev.weir.tensor.Device;
import dev.weir.tensor.Fused;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/// Examples of one length that a step reads together.
///
/// @param examples at least one, in their order
public record Batch(List<Example> examples) {

  public Batch {
    examples = List.copyOf(examples);
    if (examples.stream().map(Example::length).distinct().count() != 1) {
      throw new IllegalArgumentException("a batch needs examples, all of one length");
    }
  }

  /// Pieces of text that are all of one length.
  ///
  /// @param windows one token more in each than there are predictions
  public static Batch ofWindows(List<int[]> windows) {
    return new Batch(windows.stream().map(Example::ofWindow).toList());
  }

  /// How many examples there are.
  public int rows() {
    return examples.size();
  }

  /// How many predictions an example has.
  public int length() {
    return examples.getFirst().length();
  }

  /// Some of the examples, for a step in parts (gradient accumulation, several processes). The loss
  /// of the whole is the sum of the parts' losses, each times its [#weight()] and divided by that
  /// of the whole.
  ///
  /// @param from the first, from 0
  /// @param count how many
  public Batch part(int from, int count) {
    return new Batch(examples.subList(from, from + count));
  }

  /// What the model reads, as [dev.weir.model.Transformer#logits] takes it.
  public List<int[]> inputs() {
    return examples.stream().map(Example::inputs).toList();
  }

  /// The right answers, int64, `[batch, pos]`.
  ///
  /// @param device where to
  public Tensor targets(Device device) {
    long[] targets =
        examples.stream().flatMapToLong(e -> Arrays.stream(e.targets()).asLongStream()).toArray();
    return Tensor.of(targets, shape()).to(device);
  }

  /// How much each prediction counts, float32, `[batch, pos]`.
  ///
  /// @param device where to
  public Tensor weights(Device device) {
    float[] weights = new float[rows() * length()];
    for (int row = 0; row < rows(); row++) {
      System.arraycopy(examples.get(row).weights(), 0, weights, row * length(), length());
    }
    return Tensor.of(weights, shape()).to(device);
  }

  private Shape shape() {
    return Shape.of("batch", rows(), "pos", length());
  }

  /// How much all predictions count together; in a text, how many there are.
  public double weight() {
    double sum = 0;
    for (Example example : examples) {
      for (float weight : example.weights()) {
        sum += weight;
      }
    }
    return sum;
  }

  /// How many predictions count at all.
  public long counted() {
    return examples.stream()
        .flatMapToLong(e -> LongStream.range(0, e.length()).filter(i -> e.weights()[(int) i] > 0))
        .count();
  }

  /// The mean cross entropy of the predictions that count, nats.
  ///
  /// @param logits the model's scores for these inputs, `[batch, pos, d_vocab]`
  /// @return one number
  public Tensor loss(Tensor logits) {
    Tensor targets = targets(logits.device());
    return allCountAlike()
        ? Fused.crossEntropy(logits, targets)
        : Fused.crossEntropy(logits, targets, weights(logits.device()));
  }

  private boolean allCountAlike() {
    for (Example example : examples) {
      for (float weight : example.weights()) {
        if (weight != 1) {
          return false;
        }
      }
    }
    return true;
  }
}
