package dev.weir.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.TensorVector;
import org.junit.jupiter.api.Test;

class AdamWTest {
  private static final AdamW.Settings SETTINGS = new AdamW.Settings(0.9, 0.95, 1e-8);
  private static final Shape SHAPE = Shape.of("row", 3, "column", 5);

  @Test
  void movesAsTheEnginesOwnOptimizerDoes() {
    try (Scope _ = Scope.open()) {
      Tensor start = Tensor.gaussian(SHAPE, 1, new SplittableRandom(1)).to(DType.FLOAT64);
      Tensor target = Tensor.gaussian(SHAPE, 1, new SplittableRandom(2)).to(DType.FLOAT64);
      Tensor ours = start.asParameter();
      Tensor theirs = start.asParameter();
      AdamWOptions options = new AdamWOptions(0.01);
      options.betas().put(0, 0.95); // A C++ tuple, which lies in memory last element first.
      options.betas().put(1, 0.9);
      options.eps().put(1e-8);
      options.weight_decay().put(0.3);
      var reference = new org.bytedeco.pytorch.AdamW(new TensorVector(theirs.handle()), options);
      try (AdamW optimizer = new AdamW(SETTINGS, ours)) {
        for (int step = 0; step < 20; step++) {
          optimizer.update(
              Gradients.of(distance(ours, target), List.of(ours)).getFirst(), 1, 0.01, 0.3);
          reference.zero_grad();
          distance(theirs, target).handle().backward();
          reference.step();
        }
      }
      double[] reached = theirs.toDoubles();
      for (int i = 0; i < reached.length; i++) {
        // The two divide by the bias corrections in another order.
        assertThat(ours.toDoubles()[i]).isCloseTo(reached[i], within(1e-14));
      }
      assertThat(ours.toDoubles()).isNotEqualTo(start.toDoubles());
    }
  }

  private static Tensor distance(Tensor from, Tensor to) {
    return from.minus(to).square().sum();
  }

  @Test
  void goesOnWhereAnotherLeftOff() {
    try (Scope _ = Scope.open()) {
      Tensor gradient = Tensor.gaussian(SHAPE, 1, new SplittableRandom(3));
      Tensor whole = Tensor.zeros(SHAPE, DType.FLOAT32).asParameter();
      Tensor parted = Tensor.zeros(SHAPE, DType.FLOAT32).asParameter();
      try (AdamW one = new AdamW(SETTINGS, whole);
          AdamW first = new AdamW(SETTINGS, parted);
          AdamW second = new AdamW(SETTINGS, parted)) {
        one.update(gradient, 1, 0.1, 0);
        one.update(gradient.times(-2), 0.5, 0.1, 0);
        first.update(gradient, 1, 0.1, 0);
        second.restore(first.state(), 1);
        second.update(gradient.times(-2), 0.5, 0.1, 0);
      }
      assertThat(parted.toFloats()).isEqualTo(whole.toFloats());
    }
  }
}
