package dev.weir.study;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
  private static final ToDoubleFunction<Outcome> LOSS = outcome -> outcome.end().loss();
  private static final ToDoubleFunction<Outcome> ACCURACY = outcome -> outcome.end().accuracy();

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

  /// Decides contests over one task under one budget.
  ///
  /// @param contests who, with whom
  /// @param outcomes what came of the runs, by id
  /// @param comparisons how many variants are compared with the same baseline
  public static List<Comparison> of(
      List<Contest> contests, Map<String, Outcome> outcomes, int comparisons) {
    List<Sides> sides = contests.stream().map(contest -> Sides.of(contest, outcomes)).toList();
    SeedNoise loss = noise(sides, LOSS);
    SeedNoise accuracy = noise(sides, ACCURACY);
    return sides.stream()
        .map(s ->
            s.decided(
                s.difference(LOSS, loss, comparisons),
                s.difference(ACCURACY, accuracy, comparisons)))
        .toList();
  }

  /// What seeds do to the models of these contests; those that failed tell nothing of it.
  private static SeedNoise noise(List<Sides> sides, ToDoubleFunction<Outcome> measure) {
    List<double[]> rows =
        sides.stream()
            .flatMap(s -> Stream.of(s.mine, s.theirs))
            .distinct()
            .map(outcomes -> outcomes.stream().mapToDouble(measure).toArray())
            .filter(row -> Arrays.stream(row).allMatch(Double::isFinite))
            .toList();
    return rows.size() < 2 ? new SeedNoise(Double.NaN, 1) : SeedNoise.of(rows);
  }

  /// The two sides of a contest, each at its best.
  private record Sides(Contest contest, List<Outcome> mine, List<Outcome> theirs) {
    static Sides of(Contest contest, Map<String, Outcome> outcomes) {
      return new Sides(
          contest,
          best(contest, outcomes, Contest.Pair::mine),
          best(contest, outcomes, Contest.Pair::theirs));
    }

    Difference difference(ToDoubleFunction<Outcome> measure, SeedNoise noise, int comparisons) {
      double[] differences = new double[mine.size()];
      Arrays.setAll(
          differences,
          i -> measure.applyAsDouble(mine.get(i)) - measure.applyAsDouble(theirs.get(i)));
      return Difference.of(differences, noise, comparisons, new SplittableRandom(SEED));
    }

    Comparison decided(Difference loss, Difference accuracy) {
      return new Comparison(contest, mine, theirs, loss, accuracy, result(contest, loss, accuracy));
    }
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
