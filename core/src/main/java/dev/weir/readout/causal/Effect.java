package dev.weir.readout.causal;

import dev.weir.readout.Estimate;

/// How far an intervention moves the metric from the run that is changed towards the run that the
/// values come from: the mean movement over the mean distance, `x̄ / ȳ`, over many pairs, in memory
/// that does not grow with them.
///
/// The interval is that of a ratio of means (Cochran 1977, section 2.11): Student's t with the
/// standard error of the residuals `x − (x̄ / ȳ) y`.
final class Effect {
  private long count;
  private double meanX;
  private double meanY;
  private double squaresX;
  private double squaresY;
  private double products;

  /// One more pair (Welford 1962).
  ///
  /// @param moved the metric after the intervention less that before
  /// @param distance the metric of the other run less that before
  void add(double moved, double distance) {
    count++;
    double fromX = moved - meanX;
    double fromY = distance - meanY;
    meanX += fromX / count;
    meanY += fromY / count;
    squaresX += fromX * (moved - meanX);
    squaresY += fromY * (distance - meanY);
    products += fromX * (distance - meanY);
  }

  Estimate score() {
    double ratio = meanX == 0 ? 0 : meanX / meanY;
    double residuals = squaresX - 2 * ratio * products + ratio * ratio * squaresY;
    return Estimate.withError(ratio, error(Math.max(0, residuals)) / Math.abs(meanY), count);
  }

  /// The mean movement itself, in units of the metric.
  Estimate moved() {
    return Estimate.withError(meanX, error(squaresX), count);
  }

  long count() {
    return count;
  }

  /// The standard error of a mean.
  private double error(double squares) {
    return Math.sqrt(squares / (count - 1) / count);
  }
}
