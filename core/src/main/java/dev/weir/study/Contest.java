package dev.weir.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// A variant beside the baseline, with one thing made equal: pairs of runs, one pair for each seed.
///
/// @param variant who is compared
/// @param against who with: the baseline, widened where parameters are made equal
/// @param task what both learned
/// @param budget what was made equal
/// @param pairs the runs
public record Contest(
    Variant variant, Variant against, StudyTask task, Budget budget, List<Pair> pairs) {
  public Contest {
    pairs = List.copyOf(pairs);
  }

  /// What the learning rates gave one side.
  ///
  /// @param outcomes what came of the runs, by id, all of that side's among them
  /// @param side which
  Sweep sweep(Map<String, Outcome> outcomes, Function<Pair, StudyRun> side) {
    return Sweep.of(pairs.stream().map(side).map(run -> outcomes.get(run.id())).toList());
  }

  /// How many weights the variant has more than the other, as a share of the other's.
  public double moreParameters() {
    double theirs = pairs.getFirst().theirs().parameters();
    return (pairs.getFirst().mine().parameters() - theirs) / theirs;
  }

  /// Whether another contest is over the same task under the same budget.
  ///
  /// @param other the other
  boolean isBeside(Contest other) {
    return task.equals(other.task) && budget == other.budget;
  }

  /// Its variant beside another contest's, both having been compared with the same baseline at the
  /// same task under the same budget.
  ///
  /// @param other the other's contest
  Contest against(Contest other) {
    List<Pair> both = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i++) {
      Pair pair = pairs.get(i);
      both.add(new Pair(pair.seed, pair.rate, pair.mine, other.pairs.get(i).mine));
    }
    return new Contest(variant, other.variant, task, budget, both);
  }

  /// Two runs that differ in the variant alone.
  ///
  /// @param seed the seed of both
  /// @param rate what the learning rate of both is multiplied with
  /// @param mine the variant's
  /// @param theirs the other's
  public record Pair(long seed, double rate, StudyRun mine, StudyRun theirs) {}
}
