package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weir.tensor.Device;
import dev.weir.tensor.Fused;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchTest {
  private static final Batch TEXT =
      Batch.ofWindows(List.of(new int[] {1, 2, 3, 0}, new int[] {3, 1, 0, 2}));

  private static final Batch TASK =
      new Batch(
          List.of(
              Example.ofWindow(new int[] {1, 2, 3, 0}, new float[] {0, 1, 0}),
              Example.ofWindow(new int[] {3, 1, 0, 2}, new float[] {0, 1, 2})));

  /// Four scores for each of six predictions; the highest are 2, 3, 0, 1, 1, 2.
  private static final float[] SCORES = {
    0, 1, 5, 2, //
    1, 0, 2, 3, //
    4, 1, 0, 2, //
    0, 2, 1, 1, //
    1, 3, 0, 0, //
    1, 0, 6, 2
  };

  private static Tensor scores() {
    return Tensor.of(SCORES, Shape.of("batch", 2, "pos", 3, "d_vocab", 4));
  }

  @Test
  void aTextPredictsItsNextTokens() {
    try (Scope _ = Scope.open()) {
      assertThat(TEXT.inputs().get(1)).containsExactly(3, 1, 0);
      assertThat(TEXT.targets(new Device.Cpu()).toLongs()).containsExactly(2, 3, 0, 1, 0, 2);
      assertThat(TEXT.weights(new Device.Cpu()).toFloats()).containsOnly(1f);
      assertThat(TEXT.weight()).isEqualTo(6);
      assertThat(TASK.weights(new Device.Cpu()).toFloats()).containsExactly(0, 1, 0, 0, 1, 2);
      assertThat(TASK.weight()).isEqualTo(4);
      assertThat(TASK.counted()).isEqualTo(3);
    }
  }

  @Test
  void theLossOfATextIsThePlainOneBitForBit() {
    try (Scope _ = Scope.open()) {
      Tensor plain = Fused.crossEntropy(scores(), TEXT.targets(new Device.Cpu()));
      assertThat(TEXT.loss(scores()).item()).isEqualTo(plain.item());
    }
  }

  @Test
  void theLossOfATaskCountsWhatCounts() {
    try (Scope _ = Scope.open()) {
      double second = surprise(1, 3);
      double fifth = surprise(4, 0);
      double sixth = surprise(5, 2);
      // Float32 has 24 bits.
      assertThat(TASK.loss(scores()).item())
          .isCloseTo((second + fifth + 2 * sixth) / 4, within(1e-6));
    }
  }

  private static double surprise(int prediction, int target) {
    double sum = 0;
    for (int i = 0; i < 4; i++) {
      sum += Math.exp(SCORES[4 * prediction + i]);
    }
    return Math.log(sum) - SCORES[4 * prediction + target];
  }

  @Test
  void partsAddUpToTheWhole() {
    try (Scope _ = Scope.open()) {
      double sum = 0;
      for (int row = 0; row < 2; row++) {
        Batch part = TASK.part(row, 1);
        double loss = part.loss(scores().slice("batch", row, 1)).item();
        sum += loss * part.weight() / TASK.weight();
      }
      assertThat(sum).isCloseTo(TASK.loss(scores()).item(), within(1e-6));
    }
  }

  @Test
  void accuracyIsTheShareOfCountedPredictionsThatAreRight() {
    try (Scope _ = Scope.open()) {
      // Of the text all but the fifth are right.
      assertThat(Accuracy.of(scores(), TEXT)).isEqualTo(new Accuracy(5, 6));
      assertThat(Accuracy.of(scores(), TASK)).isEqualTo(new Accuracy(2, 3));
      Accuracy both = Accuracy.of(scores(), TEXT).plus(Accuracy.of(scores(), TASK));
      assertThat(both.share()).isEqualTo(7 / 9.0);
      assertThat(Accuracy.none().share()).isNaN();
    }
  }

  @Test
  void saysThatLengthsDiffer() {
    assertThatThrownBy(() -> Batch.ofWindows(List.of(new int[] {1, 2}, new int[] {1, 2, 3})))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Example.ofWindow(new int[] {1, 2}, new float[] {1, 1}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("1 inputs, 1 targets and 2 weights are no example");
  }
}
