package dev.weir.readout.depth;

import dev.weir.readout.Estimate;

/// A mean with its confidence interval over a sample of which no value is kept (Welford 1962).
final class RunningEstimate {
  private long count;
  private double mean;
  private double squares;

  /// One more value; what is not a number is left out.
  void add(double value) {
    if (Double.isNaN(value)) {
      return;
    }
    count++;
    double step = value - mean;
    mean += step / count;
    squares += step * (value - mean);
  }

  /// So far; NaN before the first value.
  Estimate estimate() {
    return Estimate.ofMoments(
        count == 0 ? Double.NaN : mean, Math.sqrt(squares / Math.max(1, count - 1)), count);
  }
}
