package dev.weir.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class OptimizersTest {
  private static final double[] START = {1, -2, 0.5, 3};
  private static final double[][] GRADIENTS = {{0.1, 0.2, -0.3, 0.4}, {-0.5, 0.1, 0.2, 0.3}};

  @Test
  void gradientDescentIsWhatPlainArithmeticSays() {
    double[] value = START.clone();
    double[] velocity = new double[4];
    for (double[] gradient : GRADIENTS) {
      for (int i = 0; i < 4; i++) {
        velocity[i] = 0.9 * velocity[i] + 0.5 * gradient[i] + 0.01 * value[i];
        value[i] -= 0.1 * velocity[i];
      }
    }
    close(trained(parameter -> new Sgd(Sgd.Momentum.PLAIN, 0.9, parameter)), value);
  }

  @Test
  void gradientDescentIsTheSameInRotatedCoordinatesAndAdamIsNot() {
    close(
        trained(parameter -> rotated(parameter, w -> new Sgd(Sgd.Momentum.PLAIN, 0.9, w))),
        trained(parameter -> new Sgd(Sgd.Momentum.PLAIN, 0.9, parameter)));
    AdamW.Settings adam = new AdamW.Settings(0.9, 0.95, 1e-8);
    double[] plain = trained(parameter -> new AdamW(adam, parameter));
    double[] turned = trained(parameter -> rotated(parameter, w -> new AdamW(adam, w)));
    assertThat(Math.abs(turned[0] - plain[0])).isGreaterThan(1e-3);
  }

  @Test
  void aRotatedAdamIsAdamOnTheRotatedWeight() {
    AdamW.Settings adam = new AdamW.Settings(0.9, 0.95, 1e-8);
    double[] turned = trained(parameter -> rotated(parameter, w -> new AdamW(adam, w)));
    try (Scope _ = Scope.open()) {
      Tensor weight = weight(START).dot(rotation(), "d_model").rename("turned", "d_model").copy();
      try (AdamW inner = new AdamW(adam, weight)) {
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
