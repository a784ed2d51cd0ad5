package dev.weir.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What limits everything that a study says: seeds, size, data, width of intervals.
final class Uncertainty {
  private Uncertainty() {}

  /// In sentences.
  ///
  /// @param results what is known of it
  static List<String> of(StudyResults results) {
    Study study = results.study();
    List<Comparison> found = results.comparisons();
    List<String> sentences = new ArrayList<>();
    long missing = results.plan().runs().size() - results.done();
    if (missing > 0) {
      sentences.add(
          "%d of %d runs are not done yet, and what needs them is not decided."
              .formatted(missing, results.plan().runs().size()));
    }
    sentences.add(size(study, found));
    sentences.add(
        "A win at this size, on these data and after so many tokens need not hold at another; of quality, nothing is extrapolated.");
    noDifference(found).ifPresent(sentences::add);
    sentences.add(
        "Intervals are corrected for the %d variants beside one baseline, not for the %d tasks and %d budgets beside each other."
            .formatted(study.variants().size() - 1, study.tasks().size(), study.budgets().size()));
    return sentences;
  }

  private static String size(Study study, List<Comparison> found) {
    long parameters =
        found.stream()
            .filter(c -> c.contest().against().equals(study.baseline()))
            .mapToLong(c -> c.theirs().getFirst().parameters())
            .max()
            .orElse(0);
    return String.format(
        Locale.ROOT,
        "Measured with %d seeds on models of %d blocks of width %d (%s parameters), %d tokens each.",
        study.seeds().size(),
        study.model().nLayers(),
        study.model().dModel(),
        parameters == 0 ? "unknown" : String.valueOf(parameters),
        study.recipe().tokens());
  }

  private static Optional<String> noDifference(List<Comparison> found) {
    List<Comparison> open =
        found.stream().filter(c -> c.result() == Comparison.Result.NO_DIFFERENCE_FOUND).toList();
    if (open.isEmpty()) {
      return Optional.empty();
    }
    List<String> reach = new ArrayList<>();
    double loss = widest(open, false);
    double accuracy = widest(open, true);
    if (loss > 0) {
      reach.add(String.format(Locale.ROOT, "%.4f nats", loss));
    }
    if (accuracy > 0) {
      reach.add(String.format(Locale.ROOT, "%.1f points of accuracy", 100 * accuracy));
    }
    return Optional.of(
        "'No difference found' is no evidence of equality: of %d such comparisons, intervals allow differences of up to %s."
            .formatted(open.size(), String.join(" and ", reach)));
  }

  private static double widest(List<Comparison> found, boolean accuracy) {
    return found.stream()
        .filter(c -> c.contest().task().byAccuracy() == accuracy)
        .map(c -> accuracy ? c.accuracy() : c.loss())
        .mapToDouble(d -> Math.max(Math.abs(d.student().low()), Math.abs(d.student().high())))
        .max()
        .orElse(0);
  }
}
