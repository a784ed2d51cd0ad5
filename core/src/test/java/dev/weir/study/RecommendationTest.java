package dev.weir.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.model.AttentionSpec;
import dev.weir.study.Recommendation.Agreement;
import dev.weir.study.Recommendation.Candidate;
import dev.weir.study.Recommendation.Standing;
import dev.weir.train.Look;
import dev.weir.train.Mixers;
import dev.weir.train.ModelSettings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/// Recommendations follow from results that are made up so that it is known what must follow.
class RecommendationTest {
  private static final double GIB = 1L << 30;
  private static final Variant PLAIN = Variant.plain("plain");
  private static final Variant SHORT_SWA =
      Variant.of("near", "", "pre_norm", sublayer("shortswa:window=16"));
  private static final Variant CANON =
      Variant.of(
          "convolved",
          "",
          "pre_norm",
          new Mixers(Mixers.Local.none(), Mixers.Local.none(), "ABCD", AttentionSpec.Values.OWN));
  private static final Variant DELTA = Variant.of("erasing", "", "ddl", Mixers.none());
  private static final Variant WRITE_ONLY =
      Variant.of("not erasing", "", "ddl-write-only", Mixers.none());
  private static final Variant DEPTH = Variant.of("deep", "", "depth-full", Mixers.none());
  private static final Variant WINDOW = Variant.of("less deep", "", "depth", Mixers.none());
  private static final Variant FIRST_VALUES =
      Variant.of(
          "frugal",
          "",
          "pre_norm",
          new Mixers(Mixers.Local.none(), Mixers.Local.none(), "", AttentionSpec.Values.FIRST));

  private static Mixers sublayer(String local) {
    return new Mixers(Mixers.Local.parse(local), Mixers.Local.none(), "", AttentionSpec.Values.OWN);
  }

  @Test
  void aWinnerIsRecommendedWithItsNumbers() {
    Recommendation found = near(Map.of("near", -0.1));
    assertThat(found.variant()).contains(SHORT_SWA);
    assertThat(found.budget()).isEqualTo(Budget.FLOPS);
    assertThat(found.because())
        .contains(
            "stories, equal FLOPs: wins, loss −0.0993 nats", "95.0 % interval −0.1", "3 pairs");
    assertThat(found.paper().agreement()).isEqualTo(Agreement.AGREES);
  }

  @Test
  void aLoserIsNotRecommendedAndThePaperIsContradicted() {
    Recommendation found = near(Map.of("near", 0.1));
    assertThat(found.variant()).isEmpty();
    assertThat(standing(found, "near")).isEqualTo(Standing.LOSES);
    assertThat(found.paper().agreement()).isEqualTo(Agreement.DISAGREES);
  }

  @Test
  void aTieKeepsThePlainStreamAndContradictsNobody() {
    Recommendation found = near(Map.of());
    assertThat(found.variant()).isEmpty();
    assertThat(standing(found, "near")).isEqualTo(Standing.NO_DIFFERENCE_FOUND);
    assertThat(found.paper().agreement()).isEqualTo(Agreement.CANNOT_TELL);
    assertThat(Recommendation.uncertainty(results(List.of(PLAIN, SHORT_SWA), Map.of())))
        .anySatisfy(sentence -> assertThat(sentence).contains("no evidence of equality"));
  }

  @Test
  void whoBeatsWhatThePaperRecommendsContradictsIt() {
    StudyResults results =
        results(List.of(PLAIN, SHORT_SWA, CANON), Map.of("near", -0.1, "convolved", -0.3));
    Recommendation found = Recommendation.of(results, Goal.LOCAL_MIXING, Constraints.usual());
    assertThat(found.variant()).contains(CANON);
    assertThat(found.paper().agreement()).isEqualTo(Agreement.DISAGREES);
    assertThat(found.cautions())
        .anySatisfy(caution -> assertThat(caution).startsWith("near earns it too"));
  }

  @Test
  void aWinThatTheControlSharesIsNotTheDeltaRules() {
    Recommendation found = shortcut(Map.of("erasing", -0.1, "not erasing", -0.1));
    assertThat(standing(found, "erasing")).isEqualTo(Standing.CONTROL_WINS_TOO);
    assertThat(found.variant()).contains(WRITE_ONLY);
    assertThat(found.paper().agreement()).isEqualTo(Agreement.CANNOT_TELL);
  }

  @Test
  void aWinThatBeatsTheControlIsTheDeltaRules() {
    Recommendation found = shortcut(Map.of("erasing", -0.2, "not erasing", -0.1));
    assertThat(standing(found, "erasing")).isEqualTo(Standing.EARNS_IT);
    assertThat(found.variant()).contains(DELTA);
    assertThat(found.paper().agreement()).isEqualTo(Agreement.AGREES);
  }

  @Test
  void aPairThatTheReportComparesIsNotDecidedAnotherTime() {
    StudyResults results =
        results(List.of(PLAIN, SHORT_SWA, CANON, DELTA, WRITE_ONLY), Map.of("erasing", -0.1));
    Recommendation found = Recommendation.of(results, Goal.BETTER_SHORTCUT, Constraints.usual());
    assertThat(candidate(found, "erasing").controls())
        .isNotEmpty()
        .isSubsetOf(Companions.comparisons(results));
  }

  @Test
  void whatIsNotDoneYetIsSaid() {
    StudyResults done = results(List.of(PLAIN, SHORT_SWA), Map.of());
    Map<String, Outcome> fewer = new LinkedHashMap<>(done.outcomes());
    fewer.remove(fewer.keySet().iterator().next());
    StudyResults begun = new StudyResults(done.study(), done.plan(), done.pace(), fewer);
    assertThat(Recommendation.uncertainty(done)).noneMatch(said -> said.contains("not done yet"));
    assertThat(Recommendation.uncertainty(begun))
        .anyMatch(said ->
            said.startsWith("1 of %d runs are not done yet".formatted(done.plan().runs().size())));
  }

  @Test
  void aDeltaRuleWithoutItsControlComesWithACaution() {
    Recommendation found =
        Recommendation.of(
            results(List.of(PLAIN, DELTA), Map.of("erasing", -0.1)),
            Goal.BETTER_SHORTCUT,
            Constraints.usual());
    assertThat(found.variant()).contains(DELTA);
    assertThat(found.cautions()).anySatisfy(caution -> assertThat(caution).contains("no control"));
  }

  @Test
  void pipelineStagesRuleOutReadsOfAllDepth() {
    StudyResults results = results(List.of(PLAIN, DEPTH), Map.of("deep", -0.1));
    Recommendation alone =
        Recommendation.of(results, Goal.CROSS_DEPTH_RETRIEVAL, Constraints.usual());
    assertThat(alone.variant()).contains(DEPTH);
    assertThat(alone.paper().agreement())
        .as("no task asks for retrieval across depth by itself")
        .isEqualTo(Agreement.CANNOT_TELL);
    Recommendation staged =
        Recommendation.of(
            results, Goal.CROSS_DEPTH_RETRIEVAL, new Constraints(2048, 8, 4, 1, 80 * GIB, 2));
    assertThat(staged.variant()).isEmpty();
    assertThat(standing(staged, "deep")).isEqualTo(Standing.RULED_OUT);
    assertThat(candidate(staged, "deep").why())
        .contains("ruled out at 10B: of 4 pipeline stages, one is sent 38.0 vectors");
  }

  @Test
  void memoryRulesOutWhatDoesNotFitWhereThePlainStreamDoes() {
    StudyResults results = results(List.of(PLAIN, SHORT_SWA), Map.of("near", -0.1));
    Constraints roomy = new Constraints(2048, 64, 1, 1, 1e15, 2);
    Scale plain = Scale.of(results.study(), PLAIN, Scale.Size.LARGE, roomy);
    Scale near = Scale.of(results.study(), SHORT_SWA, Scale.Size.LARGE, roomy);
    assertThat(near.decodingMemory()).isGreaterThan(plain.decodingMemory());
    double between = (near.decodingMemory() + plain.decodingMemory()) / 2;
    Recommendation found =
        Recommendation.of(results, Goal.LOCAL_MIXING, new Constraints(2048, 64, 1, 1, between, 2));
    assertThat(candidate(found, "near").barriers())
        .filteredOn(barrier -> barrier.size() == Scale.Size.LARGE)
        .singleElement()
        .satisfies(barrier -> assertThat(barrier.why()).startsWith("decoding needs"));
    assertThat(found.variant()).as("other sizes have room").contains(SHORT_SWA);
    assertThat(found.cautions())
        .anySatisfy(caution -> assertThat(caution).startsWith("Ruled out at 10B"));
  }

  @Test
  void aWindowThatReachesOverARankIsRuledOut() {
    StudyResults results = results(List.of(PLAIN, SHORT_SWA), Map.of("near", -0.1));
    Recommendation found =
        Recommendation.of(results, Goal.LOCAL_MIXING, new Constraints(64, 8, 1, 8, 80 * GIB, 2));
    assertThat(standing(found, "near")).isEqualTo(Standing.RULED_OUT);
  }

  @Test
  void aStudyOfThePlainStreamAloneKeepsIt() {
    Variant same = Variant.of("ddl", "the plain stream again", "pre_norm", Mixers.none());
    StudyResults results = results(List.of(PLAIN, same), Map.of());
    for (Goal goal : Goal.values()) {
      assertThat(Recommendation.of(results, goal, Constraints.usual()).variant())
          .as("%s", goal)
          .isEmpty();
    }
  }

  @Test
  void aStudyWithoutDifferencesKeepsThePlainStreamForEveryQuality() {
    StudyResults results =
        results(List.of(PLAIN, SHORT_SWA, CANON, DELTA, WRITE_ONLY, DEPTH, WINDOW), Map.of());
    for (Goal goal : Goal.values()) {
      Recommendation found = Recommendation.of(results, goal, Constraints.usual());
      assertThat(found.variant()).as("%s", goal).isEmpty();
      assertThat(found.paper().agreement())
          .isEqualTo(goal.isQuality() ? Agreement.CANNOT_TELL : Agreement.AGREES);
    }
  }

  @Test
  void whatCostsLessMustBeShownToBeAsGood() {
    assertThat(frugal(Map.of()).variant()).contains(FIRST_VALUES);
    assertThat(standing(frugal(Map.of("frugal", 0.015)), "frugal"))
        .as("worse, and the interval does not allow more than the margin")
        .isEqualTo(Standing.LOSES);
    Recommendation noisy =
        Recommendation.of(
            results(List.of(PLAIN, FIRST_VALUES), Map.of(), 0.1),
            Goal.LOWER_MEMORY,
            Constraints.usual());
    assertThat(noisy.variant()).isEmpty();
    assertThat(standing(noisy, "frugal")).isEqualTo(Standing.NOT_SHOWN_AS_GOOD);
  }

  @Test
  void aWindowOverDepthSaysWhetherItCutsAnythingOffHere() {
    Recommendation found =
        Recommendation.of(
            results(List.of(PLAIN, WINDOW), Map.of()),
            Goal.CROSS_DEPTH_RETRIEVAL,
            Constraints.usual());
    assertThat(found.cautions())
        .anySatisfy(caution ->
            assertThat(caution)
                .contains("newest 8 states", "4 blocks of this study that is all of them"));
  }

  @Test
  void aVariantThatFailedDecidesNothing() {
    StudyResults whole = results(List.of(PLAIN, SHORT_SWA), Map.of("near", -0.1));
    Map<String, Outcome> outcomes = new LinkedHashMap<>(whole.outcomes());
    whole.plan().runs().stream()
        .filter(run -> run.variant().equals(SHORT_SWA))
        .forEach(run -> outcomes.put(run.id(), Outcome.failed(run, "the loss is no number")));
    Recommendation found =
        Recommendation.of(
            new StudyResults(whole.study(), whole.plan(), whole.pace(), outcomes),
            Goal.LOCAL_MIXING,
            Constraints.usual());
    assertThat(found.variant()).isEmpty();
    assertThat(standing(found, "near")).isEqualTo(Standing.UNDECIDED);
  }

  @Test
  void impossibleConstraintsAreToldAllAtOnce() {
    assertThatThrownBy(() -> new Constraints(0, 8, 0, 1, 0, 2))
        .isInstanceOf(StudyException.class)
        .hasMessageContaining("context must be at least 1")
        .hasMessageContaining("stages must be at least 1")
        .hasMessageContaining("memory must be above 0");
  }

  // ---------------------------------------------------------------- made up

  private static Recommendation near(Map<String, Double> gains) {
    return Recommendation.of(
        results(List.of(PLAIN, SHORT_SWA), gains), Goal.LOCAL_MIXING, Constraints.usual());
  }

  private static Recommendation shortcut(Map<String, Double> gains) {
    return Recommendation.of(
        results(List.of(PLAIN, DELTA, WRITE_ONLY), gains),
        Goal.BETTER_SHORTCUT,
        Constraints.usual());
  }

  private static Recommendation frugal(Map<String, Double> gains) {
    return Recommendation.of(
        results(List.of(PLAIN, FIRST_VALUES), gains), Goal.LOWER_MEMORY, Constraints.usual());
  }

  private static Candidate candidate(Recommendation found, String name) {
    return found.candidates().stream()
        .filter(c -> c.variant().name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static Standing standing(Recommendation found, String name) {
    return candidate(found, name).standing();
  }

  /// A study of one text and one synthetic task, three seeds.
  static Study study(List<Variant> variants, List<Budget> budgets) {
    return new Study(
        "made up",
        "what follows?",
        new ModelSettings(
            "pre_norm",
            64,
            4,
            2,
            2,
            192,
            2,
            2,
            ModelSettings.NormKind.RMS,
            ModelSettings.MlpKind.GATED,
            ModelSettings.Positions.ROTARY,
            ModelSettings.Head.SEPARATE),
        new Recipe(2048, 204_800, 4e-3, 0.05, 0.3, 0.1, 10, 16_384),
        variants,
        List.of(
            new StudyTask("stories", "a.txt", Optional.empty(), 128, OptionalDouble.empty()),
            new StudyTask("recall", "task:mqar", Optional.empty(), 64, OptionalDouble.empty())),
        budgets,
        LongStream.range(0, 3).boxed().toList(),
        List.of(1.0));
  }

  private static StudyResults results(List<Variant> variants, Map<String, Double> gains) {
    return results(variants, gains, 0.002);
  }

  /// Results in which a variant's loss differs from the baseline's by a given number.
  ///
  /// @param noise how far seeds move a loss
  private static StudyResults results(
      List<Variant> variants, Map<String, Double> gains, double noise) {
    Study study = study(variants, List.of(Budget.TOKENS, Budget.FLOPS));
    List<Prepared> tasks =
        study.tasks().stream()
            .map(task -> new Prepared(task, task.data(), 65, task.window()))
            .toList();
    StudyPlan plan = StudyPlan.of(study, tasks, Pace.none());
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    for (StudyRun run : plan.runs()) {
      int index = variants.indexOf(run.variant());
      double luck = noise * ((7 * run.seed() + 3L * index + run.seed() * index) % 5 - 2) / 2;
      double loss = 2 + 0.1 * run.seed() + gains.getOrDefault(run.variant().name(), 0.0) + luck;
      outcomes.put(run.id(), outcome(run, loss));
    }
    return new StudyResults(study, plan, Pace.none(), outcomes);
  }

  private static Outcome outcome(StudyRun run, double loss) {
    return new Outcome(
        run.id(),
        run.variant().name(),
        run.task().name(),
        run.seed(),
        run.rate(),
        100,
        204_800,
        1e12,
        10,
        100_000,
        new Look(loss, 0.8 - loss / 10),
        List.of(),
        "");
  }
}
