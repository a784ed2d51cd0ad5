package dev.weir.view;

import java.util.List;
import java.util.stream.LongStream;

/// Round numbers along an axis.
///
/// @param step the distance from one to the next: 1, 2 or 5 times a power of ten
/// @param low the first, at or below the least number
/// @param high the last, at or above the greatest number
record Ticks(double step, double low, double high) {

  /// Ticks that enclose a range.
  ///
  /// @param about how many there should be, at least 2
  static Ticks around(double least, double greatest, int about) {
    double span = greatest > least ? greatest - least : Math.max(Math.abs(least), 1);
    double step = roundStep(span / about);
    return new Ticks(step, Math.floor(least / step) * step, Math.ceil(greatest / step) * step)
        .widened();
  }

  /// Ticks at whole numbers.
  static Ticks aroundWhole(double least, double greatest, int about) {
    double step = Math.max(1, roundStep(Math.max(1, greatest - least) / about));
    return new Ticks(step, least, greatest).widened();
  }

  /// The round numbers between the ends.
  List<Double> places() {
    long first = Math.round(Math.ceil(low / step - 1e-9));
    long last = Math.round(Math.floor(high / step + 1e-9));
    return LongStream.rangeClosed(first, last).mapToObj(i -> i * step).toList();
  }

  /// A tick's number, with the decimals that all of them need.
  String label(double place) {
    if (step >= 1e6 || step < 1e-5) {
      return NumberText.typeset(NumberText.brief(place));
    }
    int decimals = Math.max(0, (int) -Math.floor(Math.log10(step) + 1e-9));
    return NumberText.typeset(NumberText.fixed(place + 0.0, decimals));
  }

  /// Where a number stands between the ends, 0 to 1.
  double share(double value) {
    return (value - low) / (high - low);
  }

  private Ticks widened() {
    return high > low ? this : new Ticks(step, low - step, high + step);
  }

  private static double roundStep(double raw) {
    double power = Math.pow(10, Math.floor(Math.log10(raw)));
    double lead = raw / power;
    return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
  }
}
