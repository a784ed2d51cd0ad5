package dev.weir.study;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/// A contest that was decided, or not.
///
/// **How many chances there are to be wrong.** Variants that are compared with one baseline at one
/// task under one budget are one family: the question that a table of results answers is which of
/// them is better *there*, so the chance that any of them is called better or worse without being
/// so stays below 5 % within the family (Bonferroni: each interval covers 1 − 0.05 / variants), as
/// long as its models spread alike from seed to seed ([Difference.Uneven] says what else). Tasks
/// and budgets are questions of their own, and largely asked of the same runs. Over a whole study
/// of several, chances add up: of `tasks × budgets` families, each may err one time in twenty.
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
    UNDECIDED;

    /// Its name in tables and sentences: `no difference found`.
    public String label() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  public Comparison {
    mine = List.copyOf(mine);
    theirs = List.copyOf(theirs);
  }

  /// Decides contests over one task under one budget.
  ///
  /// @param contests who, with whom
  /// @param outcomes what came of the runs, by id
  /// @param comparisons how many variants the family holds
  public static List<Comparison> of(
      List<Contest> contests, Map<String, Outcome> outcomes, int comparisons) {
    return of(contests, contests, outcomes, comparisons);
  }

  /// Decides contests over one task under one budget.
  ///
  /// @param contests who, with whom
  /// @param seen contests over the same task under the same budget, whose models tell what seeds do
  /// @param outcomes what came of the runs, by id
  /// @param comparisons how many pairs the family holds
  static List<Comparison> of(
      List<Contest> contests, List<Contest> seen, Map<String, Outcome> outcomes, int comparisons) {
    List<Sides> all = seen.stream().map(contest -> Sides.of(contest, outcomes)).toList();
    SeedNoise loss = noise(all, Comparison::loss);
    SeedNoise accuracy = noise(all, Comparison::accuracy);
    return contests.stream()
        .map(contest -> Sides.of(contest, outcomes))
        .map(s ->
            s.decided(
                s.difference(Comparison::loss, loss, comparisons),
                s.difference(Comparison::accuracy, accuracy, comparisons)))
        .toList();
  }

  private static double loss(Outcome outcome) {
    return outcome.end().loss();
  }

  private static double accuracy(Outcome outcome) {
    return outcome.end().accuracy();
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

  /// The outcomes at the best learning rate, seed by seed.
  private static List<Outcome> best(
      Contest contest, Map<String, Outcome> outcomes, Function<Contest.Pair, StudyRun> side) {
    return contest.sweep(outcomes, side).best().outcomes();
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
