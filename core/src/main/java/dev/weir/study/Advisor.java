package dev.weir.study;

import dev.weir.study.Recommendation.Candidate;
import dev.weir.study.Recommendation.Standing;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// Says what to do about a goal: gathers the [Evidence] on each variant that changes what the goal
/// is about, has [QualityRule] or [CostRule] judge it, and takes the best of those that earn it. No
/// rule knows a variant by its name.
final class Advisor {
  private final Study study;
  private final Constraints constraints;
  private final HeadToHead headToHead;
  private final Controls controls;

  /// An advisor.
  ///
  /// @param results what is known of a study
  /// @param constraints what is run
  Advisor(StudyResults results, Constraints constraints) {
    this.study = results.study();
    this.constraints = constraints;
    this.headToHead = new HeadToHead(results);
    this.controls = new Controls(study);
  }

  /// What to do about a goal.
  ///
  /// @param goal what is wanted
  Recommendation advise(Goal goal) {
    List<Candidate> candidates = candidates(goal);
    Optional<Candidate> chosen = chosen(goal, candidates);
    return new Recommendation(
        goal,
        constraints,
        budget(goal),
        chosen.map(Candidate::variant),
        Wording.because(candidates, chosen),
        candidates,
        new Cautions(study, controls, headToHead).about(goal, candidates, chosen),
        new PaperRule(study, constraints, controls, headToHead).beside(goal, candidates, chosen));
  }

  /// What was made equal where a goal is decided: the first budget of the study that the goal asks
  /// for.
  private Budget budget(Goal goal) {
    return goal.budgets().stream().filter(study.budgets()::contains).findFirst().orElseThrow();
  }

  private List<Candidate> candidates(Goal goal) {
    return study.variants().stream()
        .skip(1)
        .filter(variant -> goal.isServedBy(Change.of(study, variant)))
        .map(variant -> candidate(goal, variant))
        .toList();
  }

  private Candidate candidate(Goal goal, Variant variant) {
    Evidence evidence = evidence(goal, variant);
    Standing standing =
        goal.isQuality()
            ? new QualityRule(headToHead).standing(evidence)
            : CostRule.standing(evidence);
    return new Candidate(
        variant,
        Change.of(study, variant),
        evidence.deciding(),
        evidence.beside(),
        evidence.controls(),
        evidence.barriers(),
        standing,
        Wording.why(standing, evidence));
  }

  private Evidence evidence(Goal goal, Variant variant) {
    Budget budget = budget(goal);
    List<Comparison> asked =
        headToHead.withBaseline(variant).filter(c -> goal.isAskedBy(c.contest().task())).toList();
    List<Comparison> deciding = asked.stream().filter(c -> c.contest().budget() == budget).toList();
    List<Comparison> beside = asked.stream().filter(c -> c.contest().budget() != budget).toList();
    Costs costs = Costs.of(study, variant, constraints);
    return new Evidence(
        deciding,
        beside,
        goal.isQuality() ? headToHead.with(controls.of(variant), deciding) : List.of(),
        goal.isQuality() ? List.of() : costs.prices(goal),
        new Barriers(constraints).before(costs));
  }

  private Optional<Candidate> chosen(Goal goal, List<Candidate> candidates) {
    Comparator<Candidate> bestFirst =
        goal.isQuality() ? QualityRule.bestFirst() : CostRule.bestFirst(goal, study, constraints);
    return candidates.stream().filter(c -> c.standing() == Standing.EARNS_IT).min(bestFirst);
  }
}
