package dev.weir.study;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What is known of a study at some moment: what reports, files and recommendations are made from.
///
/// @param study what was asked
/// @param plan its runs and what is compared
/// @param pace how fast variants are on this machine
/// @param outcomes what came of the runs that are done, by id
/// @param insides what the models of runs are like inside that were looked into, by id
public record StudyResults(
    Study study,
    StudyPlan plan,
    Pace pace,
    Map<String, Outcome> outcomes,
    Map<String, Inside> insides) {

  public StudyResults {
    outcomes = Map.copyOf(outcomes);
    insides = Map.copyOf(insides);
  }

  /// Results of a study whose models were not looked into.
  ///
  /// @param study what was asked
  /// @param plan its runs and what is compared
  /// @param pace how fast variants are on this machine
  /// @param outcomes what came of the runs that are done, by id
  public StudyResults(Study study, StudyPlan plan, Pace pace, Map<String, Outcome> outcomes) {
    this(study, plan, pace, outcomes, Map.of());
  }

  /// What came of a run, if it is done.
  ///
  /// @param run which
  public Optional<Outcome> outcome(StudyRun run) {
    return Optional.ofNullable(outcomes.get(run.id()));
  }

  /// How many runs are done.
  public long done() {
    return plan.runs().stream().filter(run -> outcome(run).isPresent()).count();
  }

  /// The contests all of whose runs are done, decided.
  public List<Comparison> comparisons() {
    record Together(StudyTask task, Budget budget) {}
    return plan.contests().stream()
        .filter(this::isDone)
        .collect(
            Collectors.groupingBy(
                contest -> new Together(contest.task(), contest.budget()),
                LinkedHashMap::new,
                Collectors.toList()))
        .values()
        .stream()
        .flatMap(
            together -> Comparison.of(together, outcomes, study.variants().size() - 1).stream())
        .toList();
  }

  /// What the learning rates gave, for each variant at each task, and each number of steps that a
  /// budget gave it, once.
  public List<Sweep> sweeps() {
    return plan.contests().stream()
        .filter(this::isDone)
        .flatMap(contest ->
            Stream.of(
                contest.sweep(outcomes, Contest.Pair::theirs),
                contest.sweep(outcomes, Contest.Pair::mine)))
        .distinct()
        .toList();
  }

  private boolean isDone(Contest contest) {
    return contest.pairs().stream()
        .flatMap(pair -> Stream.of(pair.mine(), pair.theirs()))
        .allMatch(run -> outcome(run).isPresent());
  }
}
