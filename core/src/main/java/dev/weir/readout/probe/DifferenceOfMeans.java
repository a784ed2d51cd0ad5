package dev.weir.readout.probe;

import java.util.List;

/// The probe that asks which class's mean is nearest: for two classes its direction is the
/// difference of their means (Marks & Tegmark 2023, arXiv:2310.06824, section 5).
public final class DifferenceOfMeans {

  private DifferenceOfMeans() {}

  /// Fits it: `wᶜ = μᶜ − μ`, and a bias such that the score is largest for the nearest mean.
  /// Nothing is standardised.
  ///
  /// @param moments of the training rows, whose targets are indicators of the classes
  /// @param classes their names
  public static LinearProbe fit(Moments moments, List<String> classes) {
    ClassMoments byClass = new ClassMoments(moments);
    double[][] weights = new double[classes.size()][];
    double[] biases = new double[classes.size()];
    for (int of = 0; of < biases.length; of++) {
      weights[of] = byClass.offset(of);
      for (int i = 0; i < weights[of].length; i++) {
        biases[of] -= weights[of][i] * (moments.mean()[i] + weights[of][i] / 2);
      }
    }
    return new LinearProbe(weights, biases, classes);
  }
}
