package dev.weir.readout.probe;

import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/// What every probe comes to: a weight for each feature and a bias, for each thing to be read. The
/// weights are in the coordinates of the values themselves, whatever the fit standardised.
///
/// @param weights `[output, feature]`
/// @param biases one for each output
/// @param outputs the names of the classes, or of the numbers
@SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
public record LinearProbe(double[][] weights, double[] biases, List<String> outputs) {

  public LinearProbe {
    outputs = List.copyOf(outputs);
  }

  /// What is read from each row, `[row][output]`.
  ///
  /// @param values `[row, feature]`
  public double[][] scores(Tensor values) {
    try (Scope _ = Scope.open()) {
      int width = outputs.size();
      double[] flat =
          values
              .to(DType.FLOAT64)
              .dotPlus(weightTensor(), biasTensor(), "feature")
              .order("row", "target")
              .toDoubles();
      double[][] scores = new double[flat.length / width][];
      Arrays.setAll(scores, row -> Arrays.copyOfRange(flat, row * width, (row + 1) * width));
      return scores;
    }
  }

  /// The class of each row: where the score is largest, the first of equals.
  ///
  /// @param values `[row, feature]`
  public int[] classes(Tensor values) {
    return Arrays.stream(scores(values)).mapToInt(LinearProbe::largest).toArray();
  }

  static int largest(double[] scores) {
    int best = 0;
    for (int i = 1; i < scores.length; i++) {
      best = scores[i] > scores[best] ? i : best;
    }
    return best;
  }

  /// The direction along which the score of an output grows against those of the others,
  /// `[feature]`: its weights less the mean of the other outputs' weights.
  ///
  /// @param output which, an index into the names
  public double[] direction(int output) {
    double[] direction = weights[output].clone();
    for (int other = 0; other < weights.length; other++) {
      if (other != output) {
        for (int i = 0; i < direction.length; i++) {
          direction[i] -= weights[other][i] / (weights.length - 1);
        }
      }
    }
    return direction;
  }

  /// How much of the variance of each target it explains, `1 − SSE / SST`, on any rows whose
  /// moments are known.
  ///
  /// @param moments of those rows, with the same features and targets
  public double[] rSquared(Moments moments) {
    try (Scope _ = Scope.open()) {
      Tensor w = weightTensor();
      Tensor covariance = moments.covariance();
      double[] read =
          w.dot(covariance, "feature")
              .rename("other", "feature")
              .times(w)
              .sum("feature")
              .toDoubles();
      double[] shared = w.times(moments.crossCovariance()).sum("feature").toDoubles();
      double[] explained = new double[outputs.size()];
      for (int t = 0; t < explained.length; t++) {
        double variance = moments.zz()[t * explained.length + t] / moments.weight();
        double bias = biases[t] - moments.targetMean()[t];
        for (int i = 0; i < weights[t].length; i++) {
          bias += weights[t][i] * moments.mean()[i];
        }
        explained[t] = 1 - (variance - 2 * shared[t] + read[t] + bias * bias) / variance;
      }
      return explained;
    }
  }

  /// Of weights for standardised features, `(x − mean) / deviation`.
  ///
  /// @param standardised `[output][feature]`
  /// @param intercepts what is read at the mean, one for each output
  /// @param moments whose mean
  /// @param deviations of each feature
  static LinearProbe ofStandardised(
      double[][] standardised,
      double[] intercepts,
      Moments moments,
      double[] deviations,
      List<String> outputs) {
    double[][] weights = new double[standardised.length][deviations.length];
    double[] biases = intercepts.clone();
    for (int t = 0; t < weights.length; t++) {
      for (int i = 0; i < deviations.length; i++) {
        weights[t][i] = standardised[t][i] / deviations[i];
        biases[t] -= weights[t][i] * moments.mean()[i];
      }
    }
    return new LinearProbe(weights, biases, outputs);
  }

  private Tensor weightTensor() {
    double[] flat = Arrays.stream(weights).flatMapToDouble(Arrays::stream).toArray();
    return Tensor.of(flat, Shape.of("target", outputs.size(), "feature", weights[0].length));
  }

  private Tensor biasTensor() {
    return Tensor.of(biases, Shape.of(new Axis("target", biases.length)));
  }
}
