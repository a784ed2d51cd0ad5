package dev.weir.readout.memory;

import dev.weir.readout.Estimate;
import java.util.Arrays;
import org.apache.commons.statistics.descriptive.Mean;

/// Numbers from texts, which come one by one and are not kept: positions of one text depend on each
/// other, so with several texts the mean of each counts once. With one text its positions are all
/// there is, and the interval is over them.
final class Sample {
  private final Estimate.Running means = new Estimate.Running();
  private double[] first = {};

  /// Adds the numbers of one text; those that are not finite are left out.
  void add(double... values) {
    double[] finite = Arrays.stream(values).filter(Double::isFinite).toArray();
    if (finite.length == 0) {
      return;
    }
    first = means.count() == 0 ? finite : new double[0];
    means.add(Mean.of(finite).getAsDouble());
  }

  /// The mean; NaN where there was nothing.
  Estimate estimate() {
    return means.count() == 1 ? Estimate.of(first) : means.estimate();
  }
}
