package dev.weir.readout.subvalue;

import dev.weir.model.Softcap;
import dev.weir.stream.Site;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.Arrays;

/// Log-probability increases: `ln p(w | r + v) − ln p(w | r)` for many `v` and one `r`, with scores
/// held for some units at a time.
final class Increases {
  /// 2²⁴ numbers are 64 MiB in float32.
  private static final long NUMBERS_AT_A_TIME = 1L << 24;

  private final Arrivals arrivals;
  private final Softcap cap;
  private final int target;

  Increases(Arrivals arrivals, Softcap cap, int target) {
    this.arrivals = arrivals;
    this.cap = cap;
    this.target = target;
  }

  /// `ln p(w | r)`.
  ///
  /// @param context `r` at the end, `[d_model]`
  double logProbability(Tensor context) {
    try (Scope _ = Scope.open()) {
      return logProbabilities(scores(context)).item();
    }
  }

  /// `bs(r)`, `[unit=1, d_vocab]`.
  private Tensor scores(Tensor context) {
    return arrivals.project(context.repeat(new Axis("unit", 1)));
  }

  private Tensor logProbabilities(Tensor scores) {
    Tensor capped = cap.applyTo(scores);
    return capped.at("d_vocab", target).minus(capped.logSumExp("d_vocab"));
  }

  /// Of parts of what a sublayer wrote.
  ///
  /// @param parts `[unit, pos, d_model]`
  /// @param context `r` at the end, `[d_model]`
  double[] ofParts(Tensor parts, Site site, Tensor context) {
    try (Scope _ = Scope.open()) {
      Tensor base = scores(context).at("unit", 0);
      double before = logProbability(context);
      return each(
          Math.toIntExact(parts.size("unit")),
          Math.max(base.size("d_vocab"), parts.size("pos") * parts.size("d_model")),
          (from, count) ->
              increases(arrivals.scores(parts.slice("unit", from, count), site), base, before));
    }
  }

  /// Of units that each have a row and, for each source, a coefficient.
  ///
  /// @param rows `[unit, d_model]`
  /// @param coefficients `[unit, source, pos]`
  /// @param context `r` at the end, `[d_model]`
  /// @return source by source, unit by unit
  double[][] ofNeurons(Tensor rows, Tensor coefficients, Site site, Tensor context) {
    int sources = Math.toIntExact(coefficients.size("source"));
    int units = Math.toIntExact(rows.size("unit"));
    double[][] all = new double[sources][units];
    try (Scope _ = Scope.open()) {
      Tensor base = scores(context).at("unit", 0);
      double before = logProbability(context);
      long each = Math.max(base.size("d_vocab"), coefficients.size("pos") * rows.size("d_model"));
      int chunk = chunk(each);
      for (int from = 0; from < units; from += chunk) {
        int count = Math.min(chunk, units - from);
        try (Scope _ = Scope.open()) {
          fill(
              all,
              from,
              rows.slice("unit", from, count),
              coefficients.slice("unit", from, count),
              site,
              base,
              before);
        }
      }
    }
    return all;
  }

  /// Where positions do not mix, a row is projected once for all its sources.
  private void fill(
      double[][] all,
      int from,
      Tensor rows,
      Tensor coefficients,
      Site site,
      Tensor base,
      double before) {
    Tensor projected =
        arrivals.mixes()
            ? rows
            : arrivals.scores(
                arrivals.written(rows, ones(coefficients), site, arrivals.position()), site);
    for (int source = 0; source < all.length; source++) {
      Tensor here = coefficients.at("source", source);
      Tensor scores =
          arrivals.mixes()
              ? arrivals.scores(arrivals.written(rows, here, site, arrivals.position()), site)
              : projected.times(here.at("pos", 0));
      double[] found = increases(scores, base, before);
      System.arraycopy(found, 0, all[source], from, found.length);
    }
  }

  private static Tensor ones(Tensor coefficients) {
    return coefficients.at("source", 0).times(0).plus(1);
  }

  private double[] increases(Tensor scores, Tensor base, double before) {
    double[] after = logProbabilities(scores.plus(base)).toDoubles();
    return Arrays.stream(after).map(x -> x - before).toArray();
  }

  private interface Stretch {
    double[] of(int from, int count);
  }

  private static double[] each(int units, long numbersEach, Stretch stretch) {
    double[] all = new double[units];
    int chunk = chunk(numbersEach);
    for (int from = 0; from < units; from += chunk) {
      int count = Math.min(chunk, units - from);
      try (Scope _ = Scope.open()) {
        System.arraycopy(stretch.of(from, count), 0, all, from, count);
      }
    }
    return all;
  }

  private static int chunk(long numbersEach) {
    return Math.toIntExact(Math.clamp(NUMBERS_AT_A_TIME / numbersEach, 1, Integer.MAX_VALUE));
  }
}
