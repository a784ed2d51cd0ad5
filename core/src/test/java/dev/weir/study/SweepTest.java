package dev.weir.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.train.Look;
import dev.weir.train.Mixers;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/// Each side at its own best learning rate.
class SweepTest {
  private static final List<Double> RATES = List.of(2.0, 0.5, 1.0);
  private static final List<Long> SEEDS = List.of(0L, 1L, 2L);
  private static final Variant PLAIN = Variant.plain("plain");
  private static final Variant OTHER = Variant.of("other", "", "pre_norm", Mixers.none());

  private interface Losses {
    double at(String variant, double rate, long seed);
  }

  @Test
  void judgesEachSideAtItsOwnBestRate() {
    Comparison found =
        compare((variant, rate, seed) ->
            Math.abs(rate - (variant.equals("plain") ? 0.5 : 1.0)) + 0.01 * seed + 1);
    assertThat(found.theirs()).allSatisfy(o -> assertThat(o.rate()).isEqualTo(0.5));
    assertThat(found.mine()).allSatisfy(o -> assertThat(o.rate()).isEqualTo(1.0));
    assertThat(found.mine()).extracting(Outcome::seed).isEqualTo(SEEDS);
    assertThat(found.loss().mean()).isZero();
  }

  /// The mean over seeds counts, not the best seed.
  @Test
  void choosesByTheMeanOverSeeds() {
    Sweep sweep = sweep((_, rate, seed) -> rate == 2 && seed == 0 ? 0.1 : rate == 2 ? 5 : 1 + rate);
    assertThat(sweep.best().rate()).isEqualTo(0.5);
    assertThat(sweep.best().loss()).isEqualTo(1.5);
  }

  @Test
  void passesOverARateAtWhichARunFailed() {
    Comparison found = compare((_, rate, seed) -> rate == 1 ? (seed == 1 ? Double.NaN : 0) : rate);
    assertThat(found.mine()).allSatisfy(o -> assertThat(o.rate()).isEqualTo(0.5));
    assertThat(found.result()).isEqualTo(Comparison.Result.NO_DIFFERENCE_FOUND);
    Sweep sweep = sweep((_, rate, seed) -> rate == 1 ? (seed == 1 ? Double.NaN : 0) : rate);
    assertThat(sweep.rates()).extracting(Sweep.Rate::failed).containsExactly(0L, 1L, 0L);
  }

  @Test
  void decidesNothingWhereEveryRateFailed() {
    Comparison found =
        compare((variant, _, seed) -> variant.equals("other") && seed == 0 ? Double.NaN : 1);
    assertThat(found.result()).isEqualTo(Comparison.Result.UNDECIDED);
    assertThat(sweep((_, _, _) -> Double.NaN).isAtItsEdge()).isFalse();
  }

  @Test
  void knowsWhenTheBestRateIsTheOutermost() {
    assertThat(sweep((_, rate, _) -> rate).isAtItsEdge()).isTrue();
    assertThat(sweep((_, rate, _) -> -rate).isAtItsEdge()).isTrue();
    assertThat(sweep((_, rate, _) -> Math.abs(rate - 1)).isAtItsEdge()).isFalse();
    // Beyond the best there is one, and it failed.
    assertThat(sweep((_, rate, _) -> rate == 2 ? Double.NaN : -rate).isAtItsEdge()).isFalse();
  }

  /// 0.05 shared among six variants.
  @Test
  void sharesTheChanceOfAnErrorAmongTheVariantsOfAFamily() {
    StudyPlan plan = plan();
    Comparison found =
        Comparison.of(plan.contests(), outcomes(plan, (_, rate, _) -> rate), 6).getFirst();
    assertThat(found.loss().level()).isCloseTo(1 - 0.05 / 6, within(1e-12));
  }

  private static Comparison compare(Losses losses) {
    StudyPlan plan = plan();
    return Comparison.of(plan.contests(), outcomes(plan, losses), 1).getFirst();
  }

  private static Sweep sweep(Losses losses) {
    StudyPlan plan = plan();
    return plan.contests().getFirst().sweep(outcomes(plan, losses), Contest.Pair::mine);
  }

  private static StudyPlan plan() {
    StudyTask task = new StudyTask("words", "words", Optional.empty(), 16, OptionalDouble.empty());
    Study study =
        new Study(
            "test",
            "",
            TestStudies.model(),
            new Recipe(64, 640, 1e-3, 0, 0, 0, 1, 64),
            List.of(PLAIN, OTHER),
            List.of(task),
            List.of(Budget.TOKENS),
            SEEDS,
            RATES);
    return StudyPlan.of(study, List.of(TestStudies.prepared(task)), Pace.none());
  }

  private static Map<String, Outcome> outcomes(StudyPlan plan, Losses losses) {
    Map<String, Outcome> outcomes = new HashMap<>();
    for (StudyRun run : new ArrayList<>(plan.runs())) {
      double loss = losses.at(run.variant().name(), run.rate(), run.seed());
      outcomes.put(run.id(), TestStudies.outcome(run, new Look(loss, 0.5)));
    }
    return outcomes;
  }
}
