package dev.weir.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.TensorVector;
import org.junit.jupiter.api.Test;

class SgdTest {
  private static final Shape SHAPE = Shape.of("row", 3, "column", 5);

  @Test
  void movesAsTheEnginesOwnOptimizerDoes() {
    try (Scope _ = Scope.open()) {
      Tensor start = Tensor.gaussian(SHAPE, 1, new SplittableRandom(1)).to(DType.FLOAT64);
      Tensor target = Tensor.gaussian(SHAPE, 1, new SplittableRandom(2)).to(DType.FLOAT64);
      Tensor ours = start.asParameter();
      Tensor theirs = start.asParameter();
      SGDOptions options = new SGDOptions(0.01);
      options.momentum().put(0.9);
      options.nesterov().put(true);
      options.weight_decay().put(0.3);
      var reference = new SGD(new TensorVector(theirs.handle()), options);
      try (Sgd optimizer = new Sgd(Sgd.Momentum.NESTEROV, 0.9, ours)) {
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
        // The same sums in the same order; the last bit may differ.
        assertThat(ours.toDoubles()[i]).isCloseTo(reached[i], within(1e-14));
      }
      assertThat(ours.toDoubles()).isNotEqualTo(start.toDoubles());
    }
  }

  private static Tensor distance(Tensor from, Tensor to) {
    return from.minus(to).square().sum();
  }

  @Test
  void theFactorScalesTheGradientAlone() {
    try (Scope _ = Scope.open()) {
      Tensor parameter = Tensor.of(new double[] {1}, Shape.of(new Axis("x", 1))).asParameter();
      Tensor gradient = Tensor.of(new double[] {4}, Shape.of(new Axis("x", 1)));
      try (Sgd optimizer = new Sgd(Sgd.Momentum.NESTEROV, 0.5, parameter)) {
        optimizer.update(gradient, 0.25, 0.1, 2);
      }
      // g = 0.25·4 + 2·1 = 3, v = 3, step 0.1 · (3 + 0.5·3).
      assertThat(parameter.item()).isCloseTo(0.55, within(1e-15));
    }
  }
}
