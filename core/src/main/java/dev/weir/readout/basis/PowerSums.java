package dev.weir.readout.basis;

/// The first four central moments of numbers that come one at a time (Pébay 2008, SAND2008-6212,
/// equations 2.1 to 2.9 for a single new value).
final class PowerSums {
  private long count;
  private double mean;
  private double second;
  private double third;
  private double fourth;

  void add(double value) {
    double before = count;
    count++;
    double step = value - mean;
    double part = step / count;
    double square = part * part;
    double term = step * part * before;
    mean += part;
    fourth +=
        term * square * ((double) count * count - 3.0 * count + 3)
            + 6 * square * second
            - 4 * part * third;
    third += term * part * (count - 2.0) - 3 * part * second;
    second += term;
  }

  double mean() {
    return mean;
  }

  double deviation() {
    return Math.sqrt(second / count);
  }

  double meanSquare() {
    return second / count + mean * mean;
  }

  /// NaN where all numbers were the same.
  double kurtosis() {
    return count * fourth / (second * second);
  }
}
