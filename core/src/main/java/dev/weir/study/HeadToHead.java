package dev.weir.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Variants of a study beside one another, found by way of their comparisons with the baseline.
final class HeadToHead {
  private final StudyResults results;
  private final List<Comparison> comparisons;
  private final List<Comparison> companions;

  /// Comparisons.
  ///
  /// @param results what is known of a study
  HeadToHead(StudyResults results) {
    this.results = results;
    this.comparisons = results.comparisons();
    this.companions = Companions.comparisons(results);
  }

  /// How a variant did beside the baseline, at every task and under every budget.
  Stream<Comparison> withBaseline(Variant variant) {
    return comparisons.stream().filter(c -> c.contest().variant().equals(variant));
  }

  /// How a variant did beside the baseline in a contest like this.
  Optional<Comparison> withBaseline(Variant variant, Contest like) {
    return withBaseline(variant).filter(c -> c.contest().isBeside(like)).findFirst();
  }

  /// A variant beside others, at the tasks and under the budgets of its comparisons.
  ///
  /// @param mine how the variant did beside the baseline
  /// @param others who it is compared with
  List<Comparison> with(List<Variant> others, List<Comparison> mine) {
    return mine.stream().flatMap(one -> with(others, one).stream()).toList();
  }

  /// What is decided as a pair of companions is not decided another time, in another family.
  private List<Comparison> with(List<Variant> others, Comparison mine) {
    List<Comparison> all = new ArrayList<>();
    List<Contest> open = new ArrayList<>();
    for (Variant other : others) {
      Optional<Comparison> decided = companion(mine.contest(), other);
      decided.ifPresent(all::add);
      if (decided.isEmpty()) {
        withBaseline(other, mine.contest())
            .ifPresent(theirs -> open.add(mine.contest().against(theirs.contest())));
      }
    }
    all.addAll(results.decided(open, open.size()));
    return all;
  }

  private Optional<Comparison> companion(Contest mine, Variant other) {
    return companions.stream()
        .filter(c -> c.contest().isBeside(mine))
        .filter(c -> c.contest().variant().equals(mine.variant()))
        .filter(c -> c.contest().against().equals(other))
        .findFirst();
  }
}
