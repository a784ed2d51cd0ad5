package dev.weir.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.train.ModelSettings;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// The baseline is widened to the nearest neuron of each block.
class EqualParametersTest {
  private static final StudyTask TASK =
      new StudyTask("words", "words", Optional.empty(), 16, OptionalDouble.empty());

  /// Of a gated block, in weights: a row of each of two maps in, a column of the map out.
  private static final long NEURON = 3 * 16;

  @Test
  void leavesHalfANeuronOfDifferenceAtMost() {
    for (String pathway : List.of("ddl", "depth", "attnres", "mhc", "dca", "mudd")) {
      Contest contest = contest(pathway, Optional.empty());
      long mine = contest.pairs().getFirst().mine().parameters();
      long theirs = contest.pairs().getFirst().theirs().parameters();
      assertThat(Math.abs(mine - theirs)).as(pathway).isLessThanOrEqualTo(NEURON / 2 + 1);
      assertThat(contest.moreParameters()).isEqualTo((mine - theirs) / (double) theirs);
    }
  }

  @Test
  void widensByAsManyNeuronsAsTheVariantHasMore() {
    Contest contest = contest("pre_norm", Optional.of(37));
    ModelSettings theirs = contest.pairs().getFirst().theirs().plan().model();
    assertThat(theirs.dMlp()).isEqualTo(37);
    assertThat(contest.moreParameters()).isZero();
  }

  @Test
  void meetsTheBaselineItselfWhereThereIsNothingToWiden() {
    for (int neurons : List.of(32, 30)) {
      StudyPlan plan = plan("pre_norm", Optional.of(neurons));
      Contest equalTokens = plan.contests().getFirst();
      Contest equalParameters = plan.contests().getLast();
      assertThat(equalParameters.against()).isEqualTo(Variant.plain("plain"));
      assertThat(equalParameters.pairs()).isEqualTo(equalTokens.pairs());
      assertThat(ids(plan)).hasSize(2);
    }
  }

  private static Set<String> ids(StudyPlan plan) {
    return new HashSet<>(plan.runs().stream().map(StudyRun::id).toList());
  }

  private static Contest contest(String pathway, Optional<Integer> neurons) {
    return plan(pathway, neurons).contests().getLast();
  }

  private static StudyPlan plan(String pathway, Optional<Integer> neurons) {
    Variant variant =
        new Variant(
            "variant",
            "",
            pathway,
            dev.weir.train.Mixers.none(),
            new Variant.Shape(
                OptionalInt.empty(),
                OptionalInt.empty(),
                OptionalInt.empty(),
                neurons.map(OptionalInt::of).orElseGet(OptionalInt::empty)));
    Study study =
        new Study(
            "test",
            "",
            TestStudies.model(),
            new Recipe(64, 640, 1e-3, 0, 0, 0, 1, 64),
            List.of(Variant.plain("plain"), variant),
            List.of(TASK),
            List.of(Budget.TOKENS, Budget.PARAMETERS),
            List.of(0L),
            List.of(1.0));
    return StudyPlan.of(study, List.of(TestStudies.prepared(TASK)), Pace.none());
  }
}
