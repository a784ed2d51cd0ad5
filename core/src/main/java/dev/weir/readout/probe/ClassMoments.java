package dev.weir.readout.probe;

/// The moments of rows whose targets are indicators of classes, seen class by class.
///
/// @param all targets are 1 at the class of a row and 0 elsewhere
record ClassMoments(Moments all) {

  /// Which share of the rows is of a class.
  double share(int of) {
    return all.targetMean()[of];
  }

  /// The mean of the rows of a class, less that of all rows, `[feature]`.
  double[] offset(int of) {
    double[] offset = new double[all.features()];
    for (int i = 0; i < offset.length; i++) {
      // Σ (x − μ)(z − z̄) is the sum of x − μ over the rows of the class.
      offset[i] = all.xz()[i * all.targets() + of] / (all.weight() * share(of));
    }
    return offset;
  }

  /// The covariance within classes, `[feature, feature]`, row by row.
  double[] within() {
    int features = all.features();
    double[] within = new double[features * features];
    for (int i = 0; i < within.length; i++) {
      within[i] = all.xx()[i] / all.weight();
    }
    for (int of = 0; of < all.targets(); of++) {
      double[] offset = offset(of);
      for (int i = 0; i < features; i++) {
        for (int j = 0; j < features; j++) {
          within[i * features + j] -= share(of) * offset[i] * offset[j];
        }
      }
    }
    return within;
  }
}
