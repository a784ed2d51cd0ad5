package dev.weir.view;

import dev.weir.study.RunWorker;
import dev.weir.study.StudyResults;
import dev.weir.study.StudyRun;
import dev.weir.study.StudyStatus;
import dev.weir.study.StudyStatus.Standing;
import dev.weir.study.StudyStatus.State;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// How far a study is: every variant at every task, and the runs that are under way or failed.
public final class StudyStatusReport {
  private static final Set<State> TOLD = Set.of(State.RUNNING, State.STOPPED, State.FAILED);

  private StudyStatusReport() {}

  /// The report.
  ///
  /// @param results what is known of the study
  /// @param status how far it is
  public static Report of(StudyResults results, StudyStatus status) {
    return new Report(
        "Status: " + results.study().name(),
        sentence(results, status),
        List.of(
            new Report.TableSection(variants(status)),
            new Report.TableSection(underWay(results, status))),
        List.of());
  }

  private static String sentence(StudyResults results, StudyStatus status) {
    int running = status.at(State.RUNNING).size();
    return String.format(
        Locale.ROOT,
        "%,d of %,d runs are done, %,d failed, %,d running, %,d stopped, %,d missing; %.0f %% of the steps%s",
        status.at(State.DONE).size(),
        status.runs().size(),
        status.at(State.FAILED).size(),
        running,
        status.at(State.STOPPED).size(),
        status.at(State.MISSING).size(),
        100.0 * status.steps() / status.allSteps(),
        left(results, status, Math.max(1, running)));
  }

  private static String left(StudyResults results, StudyStatus status, int workers) {
    if (status.steps() == status.allSteps()) {
      return "";
    }
    return status
        .left(results.outcomes())
        .map(left ->
            "; about %s left with %d worker%s"
                .formatted(time(left), workers, workers == 1 ? "" : "s"))
        .orElse("; how long it takes is known after the first run");
  }

  private static String time(Duration time) {
    return "%d:%02d:%02d".formatted(time.toHours(), time.toMinutesPart(), time.toSecondsPart());
  }

  private static Table variants(StudyStatus status) {
    record Cell(String variant, String task) {}
    Map<Cell, List<Standing>> cells =
        status.runs().stream()
            .collect(
                Collectors.groupingBy(
                    s -> new Cell(s.run().variant().name(), s.run().task().name()),
                    LinkedHashMap::new,
                    Collectors.toList()));
    Table.Builder table =
        Table.named("status")
            .title("Runs")
            .name("variant", "who is trained")
            .name("task", "what it learns")
            .integer("runs", "", "how many")
            .integer("done", "", "with an outcome")
            .integer("failed", "", "that could not be done")
            .integer("running", "", "that a process works on")
            .integer("stopped", "", "that have steps and nobody works on")
            .integer("missing", "", "not begun")
            .real("steps", "%", "done of all");
    cells.forEach((cell, all) -> {
      StudyStatus part = new StudyStatus(all);
      table.row(
          cell.variant,
          cell.task,
          all.size(),
          part.at(State.DONE).size(),
          part.at(State.FAILED).size(),
          part.at(State.RUNNING).size(),
          part.at(State.STOPPED).size(),
          part.at(State.MISSING).size(),
          100.0 * part.steps() / part.allSteps());
    });
    return table.build();
  }

  private static Table underWay(StudyResults results, StudyStatus status) {
    Table.Builder table =
        Table.named("under_way")
            .title("Under way, or failed")
            .name("run", "its folder")
            .name("variant", "who is trained")
            .name("task", "what it learns")
            .integer("seed", "", "where its luck comes from")
            .real("rate", "", "what the learning rate is multiplied with")
            .name("state", "running, stopped or failed")
            .integer("step", "", "how many are done")
            .integer("steps", "", "how many there are")
            .text("remark", "who works on it, or why it failed");
    status.runs().stream()
        .filter(standing -> TOLD.contains(standing.state()))
        .forEach(standing -> {
          StudyRun run = standing.run();
          table.row(
              run.id(),
              run.variant().name(),
              run.task().name(),
              run.seed(),
              run.rate(),
              standing.state().name().toLowerCase(Locale.ROOT),
              standing.steps(),
              run.steps(),
              standing
                  .worker()
                  .map(StudyStatusReport::words)
                  .or(() -> results.outcome(run).map(outcome -> outcome.trouble()))
                  .orElse(""));
        });
    return table.build();
  }

  private static String words(RunWorker worker) {
    return "process %d on %s".formatted(worker.pid(), worker.host());
  }
}
