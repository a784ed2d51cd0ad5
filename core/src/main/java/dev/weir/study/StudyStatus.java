package dev.weir.study;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// How far a study is.
///
/// @param runs every run, in the order of the plan
public record StudyStatus(List<Standing> runs) {

  public StudyStatus {
    runs = List.copyOf(runs);
  }

  /// What a run is at.
  public enum State {
    /// Trained, with an outcome.
    DONE,
    /// It could not be done, and its outcome says why.
    FAILED,
    /// A process works on it.
    RUNNING,
    /// It has steps, and nobody works on it: its worker stopped or was killed.
    STOPPED,
    /// Not begun.
    MISSING
  }

  /// How far a run is.
  ///
  /// @param run which
  /// @param state what it is at
  /// @param steps how many steps of it need not be done any more; all of them where it failed
  /// @param worker who works on it
  public record Standing(StudyRun run, State state, int steps, Optional<RunWorker> worker) {

    private static Standing of(StudyRun run, StudyFolder folder, Optional<Outcome> outcome) {
      if (outcome.isPresent()) {
        State state = outcome.get().trouble().isEmpty() ? State.DONE : State.FAILED;
        return new Standing(run, state, run.steps(), Optional.empty());
      }
      Optional<RunWorker> worker = folder.takenBy(run).filter(RunWorker::isAlive);
      int steps = folder.logged(run);
      State idle = steps > 0 ? State.STOPPED : State.MISSING;
      return new Standing(run, worker.map(_ -> State.RUNNING).orElse(idle), steps, worker);
    }
  }

  /// The status of a study.
  ///
  /// @param folder where it is
  /// @param results what is known of it
  public static StudyStatus of(StudyFolder folder, StudyResults results) {
    return new StudyStatus(
        results.plan().runs().stream()
            .map(run -> Standing.of(run, folder, results.outcome(run)))
            .toList());
  }

  /// The runs that are at something.
  ///
  /// @param state what
  public List<Standing> at(State state) {
    return runs.stream().filter(run -> run.state == state).toList();
  }

  /// How many steps are done, over all runs.
  public long steps() {
    return runs.stream().mapToLong(Standing::steps).sum();
  }

  /// How many steps there are, over all runs.
  public long allSteps() {
    return runs.stream().mapToLong(standing -> standing.run.steps()).sum();
  }

  /// How long the rest takes with as many workers as there are now, at least one: by the mean time
  /// of a step in the runs of the same variant and task that are done, or else in all that are.
  /// Empty where none is.
  ///
  /// @param outcomes what came of the runs, by id
  public Optional<Duration> left(Map<String, Outcome> outcomes) {
    record Kind(String variant, String task) {}
    List<Outcome> done = outcomes.values().stream().filter(o -> o.steps() > 0).toList();
    if (done.isEmpty()) {
      return Optional.empty();
    }
    Map<Kind, Double> known =
        done.stream()
            .collect(
                Collectors.groupingBy(
                    o -> new Kind(o.variant(), o.task()),
                    Collectors.collectingAndThen(
                        Collectors.toList(), StudyStatus::secondsPerStep)));
    double usual = secondsPerStep(done);
    double seconds = 0;
    for (Standing standing : runs) {
      StudyRun run = standing.run;
      Kind kind = new Kind(run.variant().name(), run.task().name());
      seconds += (run.steps() - standing.steps) * known.getOrDefault(kind, usual);
    }
    return Optional.of(
        Duration.ofSeconds(Math.round(seconds / Math.max(1, at(State.RUNNING).size()))));
  }

  private static double secondsPerStep(List<Outcome> outcomes) {
    return outcomes.stream().mapToDouble(Outcome::seconds).sum()
        / outcomes.stream().mapToDouble(Outcome::steps).sum();
  }
}
