package dev.weir.train;

import java.util.Arrays;

/// A sequence to learn from: what the model reads, what it should predict at each place, and how
/// much each prediction counts.
///
/// @param inputs the tokens that the model reads, `[pos]`
/// @param targets the right answer at each place, `[pos]`; in a text, the token that follows
/// @param weights how much each prediction counts, `[pos]`: 0 where there is nothing to learn
@SuppressWarnings("ArrayRecordComponent") // Numbers to read; equality is written out below.
public record Example(int[] inputs, int[] targets, float[] weights) {

  public Example {
    if (inputs.length == 0 || inputs.length != targets.length || inputs.length != weights.length) {
      throw new IllegalArgumentException(
          "%d inputs, %d targets and %d weights are no example"
              .formatted(inputs.length, targets.length, weights.length));
    }
  }

  /// A piece of text: each token predicts the next, and all predictions count alike.
  ///
  /// @param window one token more than there are predictions
  public static Example ofWindow(int[] window) {
    float[] weights = new float[window.length - 1];
    Arrays.fill(weights, 1);
    return ofWindow(window, weights);
  }

  /// A piece of text, of which not every prediction counts.
  ///
  /// @param window one token more than there are predictions
  /// @param weights how much the prediction of each token but the first counts
  public static Example ofWindow(int[] window, float[] weights) {
    return new Example(
        Arrays.copyOf(window, window.length - 1),
        Arrays.copyOfRange(window, 1, window.length),
        weights);
  }

  /// How many predictions there are, counted or not.
  public int length() {
    return inputs.length;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Example that
        && Arrays.equals(inputs, that.inputs)
        && Arrays.equals(targets, that.targets)
        && Arrays.equals(weights, that.weights);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * Arrays.hashCode(inputs) + Arrays.hashCode(targets))
        + Arrays.hashCode(weights);
  }

  @Override
  public String toString() {
    return "Example[inputs=%s, targets=%s, weights=%s]"
        .formatted(Arrays.toString(inputs), Arrays.toString(targets), Arrays.toString(weights));
  }
}
