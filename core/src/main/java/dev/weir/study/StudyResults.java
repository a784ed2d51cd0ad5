package dev.weir.study;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What is known of a study at some moment: what reports, files and recommendations are made from.
/// A contest is decided once, when somebody first asks.
public final class StudyResults {
  private final Study study;
  private final StudyPlan plan;
  private final Pace pace;
  private final Map<String, Outcome> outcomes;
  private final Map<String, Inside> insides;
  private final Map<Family, List<Comparison>> decided = new ConcurrentHashMap<>();

  /// What is compared together.
  private record Together(StudyTask task, Budget budget) {}

  /// What is decided together.
  private record Family(List<Contest> contests, int comparisons) {}

  /// Results.
  ///
  /// @param study what was asked
  /// @param plan its runs and what is compared
  /// @param pace how fast variants are on this machine
  /// @param outcomes what came of the runs that are done, by id
  /// @param insides what the models of runs are like inside that were looked into, by id
  public StudyResults(
      Study study,
      StudyPlan plan,
      Pace pace,
      Map<String, Outcome> outcomes,
      Map<String, Inside> insides) {
    this.study = study;
    this.plan = plan;
    this.pace = pace;
    this.outcomes = Map.copyOf(outcomes);
    this.insides = Map.copyOf(insides);
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

  /// What was asked.
  public Study study() {
    return study;
  }

  /// Its runs and what is compared.
  public StudyPlan plan() {
    return plan;
  }

  /// How fast variants are on this machine.
  public Pace pace() {
    return pace;
  }

  /// What came of the runs that are done, by id.
  public Map<String, Outcome> outcomes() {
    return outcomes;
  }

  /// What the models of runs are like inside that were looked into, by id.
  public Map<String, Inside> insides() {
    return insides;
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
    Map<Together, List<Contest>> done =
        plan.contests().stream()
            .filter(this::isDone)
            .collect(
                Collectors.groupingBy(
                    contest -> new Together(contest.task(), contest.budget()),
                    LinkedHashMap::new,
                    Collectors.toList()));
    return done.values().stream()
        .flatMap(together -> decided(together, study.variants().size() - 1).stream())
        .toList();
  }

  /// Contests over one task under one budget, decided. What seeds do is told by all models of that
  /// task and budget.
  ///
  /// @param contests who, with whom; their runs are done
  /// @param comparisons how many pairs the family holds
  List<Comparison> decided(List<Contest> contests, int comparisons) {
    return decided.computeIfAbsent(new Family(contests, comparisons), this::decide);
  }

  private List<Comparison> decide(Family family) {
    List<Contest> seen =
        plan.contests().stream()
            .filter(this::isDone)
            .filter(other -> family.contests().stream().anyMatch(other::isBeside))
            .toList();
    return Comparison.of(family.contests(), seen, outcomes, family.comparisons());
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

  /// Whether every run of a contest is done.
  ///
  /// @param contest which
  public boolean isDone(Contest contest) {
    return contest.pairs().stream()
        .flatMap(pair -> Stream.of(pair.mine(), pair.theirs()))
        .allMatch(run -> outcome(run).isPresent());
  }
}
