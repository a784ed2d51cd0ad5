package dev.weir.view;

import dev.weir.readout.Estimate;
import java.util.Locale;

/// Estimates as a reader meets them.
final class Intervals {

  private Intervals() {}

  /// Its 95 % interval, `3.88 to 4.02`; empty where the sample is too small for one.
  static String text(Estimate estimate) {
    return Double.isNaN(estimate.low())
        ? ""
        : String.format(Locale.ROOT, "%.4g to %.4g", estimate.low(), estimate.high());
  }

  /// Its lower end; missing where the sample is too small for one.
  static Cell low(Estimate estimate) {
    return end(estimate.low());
  }

  /// Its upper end; missing where the sample is too small for one.
  static Cell high(Estimate estimate) {
    return end(estimate.high());
  }

  private static Cell end(double value) {
    return Double.isNaN(value) ? Cell.missing() : new Cell.Real(value);
  }
}
