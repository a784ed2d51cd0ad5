package dev.weir.readout.probe;

import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.List;

/// Linear discriminant analysis (Fisher 1936): the best probe where every class is a Gaussian cloud
/// of the same form. For two classes its direction is `Σ⁻¹(μ₊ − μ₋)`.
public final class LdaProbe {

  private LdaProbe() {}

  /// Fits it: `wᶜ = (Σ + λ D)⁻¹ (μᶜ − μ)`, with `Σ` the covariance within classes and `D` its
  /// diagonal of variances over all rows, and the bias of the Gaussian log-density and the class's
  /// share.
  ///
  /// @param moments of the training rows, whose targets are indicators of the classes
  /// @param classes their names
  /// @param penalty `λ`, on standardised values; with 0, directions along which no class varies are
  ///   left out, even if they tell the classes apart
  public static LinearProbe fit(Moments moments, List<String> classes, double penalty) {
    if (!(penalty >= 0)) {
      throw ProbeException.badPenalty(penalty);
    }
    ClassMoments byClass = new ClassMoments(moments);
    double[] deviations = moments.deviations();
    int features = moments.features();
    try (Scope _ = Scope.open()) {
      Tensor scale = Tensor.of(deviations, Shape.of(new Axis("feature", features)));
      Spectrum within =
          Spectrum.of(
              Tensor.of(byClass.within(), Shape.of("feature", features, "other", features))
                  .dividedBy(scale)
                  .dividedBy(scale.rename("feature", "other")),
              penalty);
      double[][] weights = new double[classes.size()][];
      double[] intercepts = new double[classes.size()];
      for (int of = 0; of < intercepts.length; of++) {
        Tensor offset =
            Tensor.of(byClass.offset(of), Shape.of(new Axis("feature", features))).dividedBy(scale);
        Tensor direction = within.times(e -> 1 / (e + penalty), offset);
        weights[of] = direction.toDoubles();
        intercepts[of] = Math.log(byClass.share(of)) - direction.times(offset).sum().item() / 2;
      }
      return LinearProbe.ofStandardised(weights, intercepts, moments, deviations, classes);
    }
  }
}
