package dev.weir.study;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Variants of a study beside one another, found by way of their comparisons with the baseline.
final class HeadToHead {
  private final StudyResults results;
  private final List<Comparison> comparisons;

  /// Comparisons.
  ///
  /// @param results what is known of a study
  HeadToHead(StudyResults results) {
    this.results = results;
    this.comparisons = results.comparisons();
  }

  /// How a variant did beside the baseline, at every task and under every budget.
  Stream<Comparison> withBaseline(Variant variant) {
    return comparisons.stream().filter(c -> c.contest().variant().equals(variant));
  }

  /// How a variant did beside the baseline in a contest like this.
  Optional<Comparison> withBaseline(Variant variant, Contest like) {
    return withBaseline(variant)
        .filter(c -> c.contest().task().equals(like.task()))
        .filter(c -> c.contest().budget() == like.budget())
        .findFirst();
  }

  /// A variant beside others, at the tasks and under the budgets of its comparisons.
  ///
  /// @param mine how the variant did beside the baseline
  /// @param others who it is compared with
  List<Comparison> with(List<Variant> others, List<Comparison> mine) {
    return mine.stream().flatMap(one -> with(others, one).stream()).toList();
  }

  private List<Comparison> with(List<Variant> others, Comparison mine) {
    List<Contest> contests =
        others.stream()
            .flatMap(other -> withBaseline(other, mine.contest()).stream())
            .map(theirs -> mine.contest().against(theirs.contest()))
            .toList();
    return Comparison.of(contests, results.outcomes(), contests.size());
  }
}
