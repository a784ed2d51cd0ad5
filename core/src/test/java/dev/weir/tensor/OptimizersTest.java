package dev.weir.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.TensorVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OptimizersTest {
  private static final double[] START = {1, -2, 0.5, 3};
  private static final double[][] GRADIENTS = {{0.1, 0.2, -0.3, 0.4}, {-0.5, 0.1, 0.2, 0.3}};

  private static final AdamW.Settings ADAM = new AdamW.Settings(0.9, 0.95, 1e-8);

  @ParameterizedTest
  @EnumSource
  void gradientDescentIsWhatPlainArithmeticSays(Sgd.Momentum momentum) {
    double[] value = START.clone();
    double[] velocity = new double[4];
    for (double[] gradient : GRADIENTS) {
      for (int i = 0; i < 4; i++) {
        double slope = 0.5 * gradient[i] + 0.01 * value[i];
        velocity[i] = 0.9 * velocity[i] + slope;
        value[i] -=
            0.1 * (momentum == Sgd.Momentum.NESTEROV ? slope + 0.9 * velocity[i] : velocity[i]);
      }
    }
    close(trained(parameter -> new Sgd(momentum, 0.9, parameter)), value);
  }

  @Test
  void adamMovesAsTheEnginesOwnDoes() {
    AdamWOptions options = new AdamWOptions(0.01);
    options.betas().put(0, 0.95); // A C++ tuple, which lies in memory last element first.
    options.betas().put(1, 0.9);
    options.eps().put(1e-8);
    options.weight_decay().put(0.3);
    // The two divide by the bias corrections in another order.
    movesAs(
        parameter -> new AdamW(ADAM, parameter),
        parameters -> new org.bytedeco.pytorch.AdamW(parameters, options));
  }

  @Test
  void nesterovsMomentumMovesAsTheEnginesOwnDoes() {
    SGDOptions options = new SGDOptions(0.01);
    options.momentum().put(0.9);
    options.nesterov().put(true);
    options.weight_decay().put(0.3);
    // The same sums in the same order; the last bit may differ.
    movesAs(
        parameter -> new Sgd(Sgd.Momentum.NESTEROV, 0.9, parameter),
        parameters -> new SGD(parameters, options));
  }

  /// Both go towards a target for 20 steps, at a rate of 0.01 and with a decay of 0.3.
  private static void movesAs(
      Function<Tensor, Optimizer> ours,
      Function<TensorVector, org.bytedeco.pytorch.Optimizer> theirs) {
    Shape shape = Shape.of("row", 3, "column", 5);
    try (Scope _ = Scope.open()) {
      Tensor start = Tensor.gaussian(shape, 1, new SplittableRandom(1)).to(DType.FLOAT64);
      Tensor target = Tensor.gaussian(shape, 1, new SplittableRandom(2)).to(DType.FLOAT64);
      Tensor moved = start.asParameter();
      Tensor expected = start.asParameter();
      var reference = theirs.apply(new TensorVector(expected.handle()));
      try (Optimizer optimizer = ours.apply(moved)) {
        for (int step = 0; step < 20; step++) {
          optimizer.update(
              Gradients.of(distance(moved, target), List.of(moved)).getFirst(), 1, 0.01, 0.3);
          reference.zero_grad();
          distance(expected, target).handle().backward();
          reference.step();
        }
      }
      assertThat(moved.toDoubles()).containsExactly(expected.toDoubles(), within(1e-14));
      assertThat(moved.toDoubles()).isNotEqualTo(start.toDoubles());
    }
  }

  private static Tensor distance(Tensor from, Tensor to) {
    return from.minus(to).square().sum();
  }

  @Test
  void gradientDescentIsTheSameInRotatedCoordinatesAndAdamIsNot() {
    close(
        trained(parameter -> rotated(parameter, w -> new Sgd(Sgd.Momentum.PLAIN, 0.9, w))),
        trained(parameter -> new Sgd(Sgd.Momentum.PLAIN, 0.9, parameter)));
    double[] plain = trained(parameter -> new AdamW(ADAM, parameter));
    double[] turned = trained(parameter -> rotated(parameter, w -> new AdamW(ADAM, w)));
    assertThat(Math.abs(turned[0] - plain[0])).isGreaterThan(1e-3);
  }

  @Test
  void aRotatedAdamIsAdamOnTheRotatedWeight() {
    double[] turned = trained(parameter -> rotated(parameter, w -> new AdamW(ADAM, w)));
    try (Scope _ = Scope.open()) {
      Tensor weight = weight(START).dot(rotation(), "d_model").rename("turned", "d_model").copy();
      try (AdamW inner = new AdamW(ADAM, weight)) {
        for (double[] gradient : GRADIENTS) {
          Tensor g = weight(gradient).dot(rotation(), "d_model").rename("turned", "d_model");
          inner.update(g.copy(), 0.5, 0.1, 0.01);
        }
      }
      Tensor back = weight.rename("d_model", "turned").dot(rotation(), "turned");
      close(turned, back.order("row", "d_model").toDoubles());
    }
  }

  @Test
  void anOptimizerGoesOnWhereAnotherLeftOff() {
    for (Function<Tensor, Optimizer> make :
        List.<Function<Tensor, Optimizer>>of(
            w -> new Sgd(Sgd.Momentum.PLAIN, 0.9, w),
            w -> new AdamW(ADAM, w),
            w -> rotated(w, inner -> new Sgd(Sgd.Momentum.PLAIN, 0.9, inner)))) {
      try (Scope _ = Scope.open()) {
        Tensor parameter = weight(START).asParameter();
        try (Optimizer first = make.apply(parameter)) {
          first.update(weight(GRADIENTS[0]), 0.5, 0.1, 0.01);
          try (Optimizer second = make.apply(parameter)) {
            second.restore(first.state(), 1);
            second.update(weight(GRADIENTS[1]), 0.5, 0.1, 0.01);
          }
        }
        close(parameter.detached().toDoubles(), trained(make));
      }
    }
  }

  private static Optimizer rotated(Tensor parameter, Function<Tensor, Optimizer> inner) {
    return new RotatedOptimizer(parameter, rotation(), "d_model", inner);
  }

  private static double[] trained(Function<Tensor, Optimizer> make) {
    try (Scope _ = Scope.open()) {
      Tensor parameter = weight(START).asParameter();
      try (Optimizer optimizer = make.apply(parameter)) {
        for (double[] gradient : GRADIENTS) {
          optimizer.update(weight(gradient), 0.5, 0.1, 0.01);
        }
      }
      return parameter.detached().toDoubles();
    }
  }

  private static Tensor weight(double[] values) {
    return Tensor.of(values, Shape.of("row", 2, "d_model", 2));
  }

  private static Tensor rotation() {
    return LinearAlgebra.orthogonal("d_model", "turned", 2, new SplittableRandom(5));
  }

  private static void close(double[] actual, double[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      assertThat(actual[i]).isCloseTo(expected[i], within(1e-12));
    }
  }
}
