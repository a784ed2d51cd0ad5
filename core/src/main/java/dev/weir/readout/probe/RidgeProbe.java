package dev.weir.readout.probe;

import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/// The linear map that reads numbers, or the indicators of classes, with the least squared error
/// and a penalty on its weights (Hoerl & Kennard 1970).
public final class RidgeProbe {

  private RidgeProbe() {}

  /// Fits `B = (Σ + λ I)⁻¹ Σ_xz` on standardised values, in closed form. Where values do not vary
  /// in some directions and the penalty is 0, the smallest of the best maps.
  ///
  /// @param moments of the training rows; bounded memory whatever their number
  /// @param outputs the names of the targets
  /// @param penalty `λ`, on standardised values and the mean squared error; 0 for least squares
  public static LinearProbe fit(Moments moments, List<String> outputs, double penalty) {
    if (!(penalty >= 0)) {
      throw ProbeException.badPenalty(penalty);
    }
    double[] deviations = moments.deviations();
    try (Scope _ = Scope.open()) {
      Tensor scale = Tensor.of(deviations, Shape.of(new Axis("feature", deviations.length)));
      Tensor correlation =
          moments.covariance().dividedBy(scale).dividedBy(scale.rename("feature", "other"));
      Tensor map =
          Spectrum.of(correlation, penalty)
              .times(e -> 1 / (e + penalty), moments.crossCovariance().dividedBy(scale));
      return LinearProbe.ofStandardised(
          rows(map.order("target", "feature")), moments.targetMean(), moments, deviations, outputs);
    }
  }

  /// The rows of a matrix.
  static double[][] rows(Tensor matrix) {
    double[] flat = matrix.toDoubles();
    int width = Math.toIntExact(matrix.shape().axes().getLast().size());
    double[][] rows = new double[flat.length / width][];
    Arrays.setAll(rows, row -> Arrays.copyOfRange(flat, row * width, (row + 1) * width));
    return rows;
  }
}
