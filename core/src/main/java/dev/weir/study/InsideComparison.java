package dev.weir.study;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;

/// One readout of a variant beside what the variant was compared with, at the same runs as their
/// losses. Unlike a loss, a readout may spread over seeds in one model and be fixed by construction
/// in another, so each difference is judged by its own spread and not by that of all models.
///
/// @param comparison whose runs
/// @param measure which readout
/// @param mine the variant's, seed by seed; empty where it has no meaning for it
/// @param theirs the other's
/// @param difference variant less other; empty where either has none
public record InsideComparison(
    Comparison comparison,
    InsideMeasure measure,
    List<Double> mine,
    List<Double> theirs,
    Optional<Difference> difference) {
  private static final long SEED = 0;

  public InsideComparison {
    mine = List.copyOf(mine);
    theirs = List.copyOf(theirs);
  }

  /// Compares.
  ///
  /// @param comparison whose runs
  /// @param insides what their models are like inside, by run
  /// @param measure which readout
  /// @param comparisons how many variants are compared with the same baseline
  public static InsideComparison of(
      Comparison comparison, Map<String, Inside> insides, InsideMeasure measure, int comparisons) {
    List<Double> mine = values(comparison.mine(), insides, measure);
    List<Double> theirs = values(comparison.theirs(), insides, measure);
    boolean paired = !mine.isEmpty() && mine.size() == theirs.size();
    return new InsideComparison(
        comparison,
        measure,
        mine,
        theirs,
        paired
            ? Optional.of(
                Difference.of(less(mine, theirs), comparisons, new SplittableRandom(SEED)))
            : Optional.empty());
  }

  /// Seed by seed; none at all where one is missing, since seeds are paired.
  private static List<Double> values(
      List<Outcome> outcomes, Map<String, Inside> insides, InsideMeasure measure) {
    List<Double> values =
        outcomes.stream()
            .map(outcome -> insides.get(outcome.run()))
            .filter(Objects::nonNull)
            .map(measure::of)
            .filter(OptionalDouble::isPresent)
            .map(OptionalDouble::getAsDouble)
            .toList();
    return values.size() == outcomes.size() ? values : List.of();
  }

  private static double[] less(List<Double> mine, List<Double> theirs) {
    double[] differences = new double[mine.size()];
    Arrays.setAll(differences, i -> mine.get(i) - theirs.get(i));
    return differences;
  }
}
