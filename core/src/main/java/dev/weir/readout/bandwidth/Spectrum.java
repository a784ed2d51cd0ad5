package dev.weir.readout.bandwidth;

import java.util.Arrays;

/// How variance spreads over directions: the eigenvalues of a covariance.
///
/// @param eigenvalues largest first, none below 0
@SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
public record Spectrum(double[] eigenvalues) {

  public Spectrum {
    // A covariance has none below zero; what rounding makes of zero may be.
    eigenvalues =
        Arrays.stream(eigenvalues)
            .map(value -> -Math.max(0, value))
            .sorted()
            .map(value -> -value)
            .toArray();
  }

  /// The sum of all.
  public double total() {
    return Arrays.stream(eigenvalues).sum();
  }

  /// `(Σλ)² / Σλ²`.
  public double participationRatio() {
    double total = total();
    return total * total / Arrays.stream(eigenvalues).map(value -> value * value).sum();
  }

  /// `exp(−Σ p ln p)` with `p = λ / Σλ`: of eigenvalues, where Roy & Vetterli 2007 take singular
  /// values.
  public double effectiveRank() {
    double total = total();
    return Math.exp(
        Arrays.stream(eigenvalues)
            .filter(value -> value > 0)
            .map(value -> -value / total * Math.log(value / total))
            .sum());
  }

  /// `Σλ / λ_max`.
  public double stableRank() {
    return total() / eigenvalues[0];
  }

  /// Which share of all the largest has.
  public double firstShare() {
    return eigenvalues[0] / total();
  }

  /// How many directions hold so much of the variance.
  ///
  /// @param share for instance 0.9
  public int dimensionsFor(double share) {
    double wanted = share * total();
    double sum = 0;
    for (int i = 0; i < eigenvalues.length; i++) {
      sum += eigenvalues[i];
      if (sum >= wanted) {
        return i + 1;
      }
    }
    return eigenvalues.length;
  }
}
