package dev.weir.study;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/// A contest that was decided, or not.
///
/// @param contest who, with whom, at what
/// @param mine the variant's outcomes, seed by seed, at its best learning rate
/// @param theirs the other's, at its best learning rate
/// @param loss variant less other, nats
/// @param accuracy variant less other, a share
/// @param result what follows
public record Comparison(
    Contest contest,
    List<Outcome> mine,
    List<Outcome> theirs,
    Difference loss,
    Difference accuracy,
    Result result) {
  private static final long SEED = 0;

  /// What follows.
  public enum Result {
    /// The variant is better.
    WINS,
    /// The other is better.
    LOSES,
    /// No difference was found, which does not say that there is none.
    NO_DIFFERENCE_FOUND,
    /// A run failed, or there are too few to tell.
    UNDECIDED
  }

  public Comparison {
    mine = List.copyOf(mine);
    theirs = List.copyOf(theirs);
  }

  /// Decides a contest.
  ///
  /// @param contest who, with whom, at what
  /// @param outcomes what came of the runs, by id
  /// @param comparisons how many variants are compared with the same baseline
  public static Comparison of(Contest contest, Map<String, Outcome> outcomes, int comparisons) {
    List<Outcome> mine = best(contest, outcomes, Contest.Pair::mine);
    List<Outcome> theirs = best(contest, outcomes, Contest.Pair::theirs);
    Difference loss =
        Difference.of(
            differences(mine, theirs, o -> o.end().loss()),
            comparisons,
            new SplittableRandom(SEED));
    Difference accuracy =
        Difference.of(
            differences(mine, theirs, o -> o.end().accuracy()),
            comparisons,
            new SplittableRandom(SEED));
    return new Comparison(contest, mine, theirs, loss, accuracy, result(contest, loss, accuracy));
  }

  /// The outcomes at the learning rate whose mean loss is lowest, seed by seed.
  private static List<Outcome> best(
      Contest contest, Map<String, Outcome> outcomes, Function<Contest.Pair, StudyRun> side) {
    Map<Double, List<Outcome>> byRate =
        contest.pairs().stream()
            .map(side)
            .map(run -> outcomes.get(run.id()))
            .collect(Collectors.groupingBy(Outcome::rate));
    return byRate.values().stream()
        .min(Comparator.comparingDouble(Comparison::meanLoss))
        .orElseThrow()
        .stream()
        .sorted(Comparator.comparingLong(Outcome::seed))
        .toList();
  }

  private static double meanLoss(List<Outcome> outcomes) {
    return outcomes.stream().mapToDouble(o -> o.end().loss()).average().orElseThrow();
  }

  private static double[] differences(
      List<Outcome> mine, List<Outcome> theirs, ToDoubleFunction<Outcome> measure) {
    List<Double> differences = new ArrayList<>();
    for (int i = 0; i < mine.size(); i++) {
      differences.add(measure.applyAsDouble(mine.get(i)) - measure.applyAsDouble(theirs.get(i)));
    }
    return differences.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static Result result(Contest contest, Difference loss, Difference accuracy) {
    if (Double.isNaN(loss.mean()) || loss.pairs() < 2) {
      return Result.UNDECIDED;
    }
    Difference.Verdict verdict = contest.task().byAccuracy() ? accuracy.verdict() : loss.verdict();
    boolean higherIsBetter = contest.task().byAccuracy();
    return switch (verdict) {
      case HIGHER -> higherIsBetter ? Result.WINS : Result.LOSES;
      case LOWER -> higherIsBetter ? Result.LOSES : Result.WINS;
      case NO_DIFFERENCE_FOUND -> Result.NO_DIFFERENCE_FOUND;
    };
  }
}
