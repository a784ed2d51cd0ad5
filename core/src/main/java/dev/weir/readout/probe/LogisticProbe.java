package dev.weir.readout.probe;

import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.Arrays;

/// Logistic regression on two classes or more: the linear probe that gives the labels the highest
/// probability (Alain & Bengio 2016, arXiv:1610.01644), with a penalty on its weights.
public final class LogisticProbe {
  private static final double BOUND = 1e-6;
  private static final int STEPS = 2000;

  private LogisticProbe() {}

  /// Fits it on standardised values by limited-memory BFGS from zero: no luck is involved. Goes
  /// through the rows once for each step.
  ///
  /// @param rows the training rows; their targets are indicators of the classes
  /// @param moments of the same rows
  /// @param penalty `λ` in `mean cross entropy + λ/2 |w|²`; biases are free. Above 0, or separable
  ///   classes have no best probe
  public static LinearProbe fit(Rows rows, Moments moments, double penalty) {
    if (!(penalty > 0)) {
      throw ProbeException.badPenalty(penalty);
    }
    Loss loss = new Loss(rows, moments, moments.deviations(), penalty);
    double[] found = Lbfgs.minimum(loss::at, new double[loss.size()], BOUND, STEPS);
    double[][] weights = new double[loss.classes()][];
    Arrays.setAll(
        weights, of -> Arrays.copyOfRange(found, of * loss.features(), (of + 1) * loss.features()));
    double[] biases = Arrays.copyOfRange(found, loss.classes() * loss.features(), loss.size());
    return LinearProbe.ofStandardised(weights, biases, moments, loss.deviations, rows.outputs());
  }

  /// The penalised cross entropy. A point holds the weights, `[class, feature]`, then the biases.
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  private record Loss(Rows rows, Moments moments, double[] deviations, double penalty) {

    int features() {
      return moments.features();
    }

    int classes() {
      return moments.targets();
    }

    int size() {
      return classes() * (features() + 1);
    }

    Lbfgs.Value at(double[] point) {
      double[] gradient = new double[size()];
      double[] loss = {0};
      int edge = classes() * features();
      rows.forEach((values, targets) -> {
        Tensor z = standardised(values);
        Tensor weights =
            Tensor.of(
                Arrays.copyOf(point, edge), Shape.of("target", classes(), "feature", features()));
        Tensor biases =
            Tensor.of(
                Arrays.copyOfRange(point, edge, size()), Shape.of(new Axis("target", classes())));
        Tensor logs = z.dotPlus(weights, biases, "feature").logSoftmax("target");
        loss[0] -= logs.times(targets).sum().item();
        Tensor error = logs.exp().minus(targets);
        addTo(gradient, 0, error.dot(z, "row").order("target", "feature").toDoubles());
        addTo(gradient, edge, error.sum("row").toDoubles());
      });
      double value = loss[0] / moments.weight();
      for (int i = 0; i < gradient.length; i++) {
        gradient[i] /= moments.weight();
        if (i < edge) {
          value += penalty / 2 * point[i] * point[i];
          gradient[i] += penalty * point[i];
        }
      }
      return new Lbfgs.Value(value, gradient);
    }

    private Tensor standardised(Tensor values) {
      Shape shape = Shape.of(new Axis("feature", features()));
      return values.minus(Tensor.of(moments.mean(), shape)).dividedBy(Tensor.of(deviations, shape));
    }

    private static void addTo(double[] sum, int from, double[] part) {
      for (int i = 0; i < part.length; i++) {
        sum[from + i] += part[i];
      }
    }
  }
}
