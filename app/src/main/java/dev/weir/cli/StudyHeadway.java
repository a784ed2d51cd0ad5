package dev.weir.cli;

import dev.weir.study.StudyFolder;
import dev.weir.study.StudyPlan;
import dev.weir.study.StudyRun;
import dev.weir.view.Progress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// How many steps of a study are done, whoever does them, and the line that tells of it. Looked up
/// in the folder.
final class StudyHeadway implements AutoCloseable {
  private final Terminal terminal;
  private final StudyFolder folder;
  private final List<StudyRun> missing;
  private final Map<String, Integer> steps = new HashMap<>();
  private final Progress line;

  /// What is done by now.
  ///
  /// @param terminal where the line goes
  /// @param folder the study's
  /// @param plan its plan
  StudyHeadway(Terminal terminal, StudyFolder folder, StudyPlan plan) {
    this.terminal = terminal;
    this.folder = folder;
    this.missing =
        new ArrayList<>(plan.runs().stream().filter(run -> !folder.isDone(run)).toList());
    plan.runs().forEach(run -> reached(run, folder.isDone(run) ? run.steps() : folder.logged(run)));
    long total = plan.runs().stream().mapToLong(StudyRun::steps).sum();
    this.line = terminal.progress("study", total, "steps").after(steps());
  }

  /// The runs that were not done at the last look.
  List<StudyRun> missing() {
    return List.copyOf(missing);
  }

  /// How many steps are done.
  long steps() {
    return steps.values().stream().mapToLong(Integer::longValue).sum();
  }

  /// A run is at a step.
  ///
  /// @param run which
  /// @param step how many of its steps are done
  void reached(StudyRun run, int step) {
    steps.put(run.id(), step);
  }

  /// Looks how far the runs are that were not done yet, and tells of those that failed.
  void look() {
    missing.removeIf(run -> {
      boolean done = folder.isDone(run);
      reached(run, done ? run.steps() : folder.logged(run));
      if (done) {
        tellTrouble(run);
      }
      return done;
    });
  }

  private void tellTrouble(StudyRun run) {
    folder
        .outcome(run)
        .filter(outcome -> !outcome.trouble().isEmpty())
        .ifPresent(outcome -> note("%s failed: %s".formatted(run.label(), outcome.trouble())));
  }

  /// Says how far all of it is.
  ///
  /// @param doing what is being trained
  void tell(String doing) {
    line.reached(steps(), doing);
  }

  /// A remark, in a line of its own.
  void note(String sentence) {
    line.close();
    terminal.note(sentence);
  }

  @Override
  public void close() {
    line.close();
  }
}
