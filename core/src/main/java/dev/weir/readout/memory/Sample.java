package dev.weir.readout.memory;

import dev.weir.readout.Estimate;
import java.util.Arrays;
import org.apache.commons.statistics.descriptive.Mean;
import org.apache.commons.statistics.descriptive.StandardDeviation;
import org.apache.commons.statistics.distribution.TDistribution;

/// Numbers from texts, which come one by one and are not kept: positions of one text depend on each
/// other, so with several texts the mean of each counts once. With one text its positions are all
/// there is, and the interval is over them.
final class Sample {
  private static final double UPPER_TAIL = 0.975;

  private final Mean mean = Mean.create();
  private final StandardDeviation deviation = StandardDeviation.create();
  private long texts;
  private double[] first = {};

  /// Adds the numbers of one text; those that are not finite are left out.
  void add(double... values) {
    double[] finite = Arrays.stream(values).filter(Double::isFinite).toArray();
    if (finite.length == 0) {
      return;
    }
    first = texts == 0 ? finite : new double[0];
    texts++;
    double ofText = Mean.of(finite).getAsDouble();
    mean.accept(ofText);
    deviation.accept(ofText);
  }

  /// The mean; NaN where there was nothing.
  Estimate estimate() {
    if (texts == 0) {
      return new Estimate(Double.NaN, Double.NaN, Double.NaN, 0);
    }
    if (texts == 1) {
      return Estimate.of(first);
    }
    double middle = mean.getAsDouble();
    double reach =
        TDistribution.of(texts - 1.0).inverseCumulativeProbability(UPPER_TAIL)
            * deviation.getAsDouble()
            / Math.sqrt(texts);
    return new Estimate(middle, middle - reach, middle + reach, texts);
  }
}
