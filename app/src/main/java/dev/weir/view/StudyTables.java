package dev.weir.view;

import dev.weir.study.Comparison;
import dev.weir.study.Contest;
import dev.weir.study.Difference;
import dev.weir.study.Outcome;
import dev.weir.study.StudyResults;
import dev.weir.study.StudyRun;
import java.util.List;
import java.util.function.ToDoubleFunction;

/// The numbers of a study as tables: comparisons, what both sides spent, every run.
final class StudyTables {
  private StudyTables() {}

  /// Losses of the comparisons.
  ///
  /// @param title of the table
  static Table losses(String name, String title, List<Comparison> comparisons) {
    Table.Builder table =
        head(name, title)
            .real("loss", "nats", "at the end on what was not trained on, mean over seeds");
    tail(table, "nats", "loss less the other's, paired by seed");
    for (Comparison found : comparisons) {
      row(table, found, mean(found.mine(), o -> o.end().loss()), found.loss());
    }
    return table.build();
  }

  /// Accuracies of the comparisons.
  static Table accuracies(String name, String title, List<Comparison> comparisons) {
    Table.Builder table =
        head(name, title)
            .real("accuracy", "%", "how often the first choice is right, mean over seeds");
    tail(table, "points", "accuracy less the other's, paired by seed");
    for (Comparison found : comparisons) {
      row(
          table,
          found,
          100 * mean(found.mine(), o -> o.end().accuracy()),
          StudyWords.percent(found.accuracy()));
    }
    return table.build();
  }

  private static Table.Builder head(String name, String title) {
    return Table.named(name)
        .title(title)
        .text("task", "what was learned")
        .text("equal", "what was made equal")
        .text("variant", "who is compared")
        .text(
            "result",
            "what follows from both intervals: of losses where a text is learned, of accuracies where a task is")
        .integer("seeds", "", "pairs of runs");
  }

  private static void tail(Table.Builder table, String unit, String about) {
    table
        .real("difference", unit, about)
        .real("error", unit, "standard error of the difference")
        .real("t low", unit, "lower end by Student's t")
        .real("t high", unit, "upper end by Student's t")
        .real("bootstrap low", unit, "lower end by the percentile bootstrap")
        .real("bootstrap high", unit, "upper end by the percentile bootstrap")
        .real("level", "%", "of both intervals, corrected for how many are compared")
        .text("against", "with whom");
  }

  private static void row(
      Table.Builder table, Comparison found, double value, Difference difference) {
    Contest contest = found.contest();
    table.row(
        contest.task().name(),
        contest.budget().label(),
        contest.variant().name(),
        found.result().label(),
        difference.pairs(),
        known(value),
        known(difference.mean()),
        known(difference.error()),
        known(difference.student().low()),
        known(difference.student().high()),
        known(difference.bootstrap().low()),
        known(difference.bootstrap().high()),
        100 * difference.level(),
        contest.against().name());
  }

  /// What both sides of each comparison were given.
  static Table spent(List<Comparison> comparisons) {
    Table.Builder table =
        Table.named("spent")
            .title("What both sides were given")
            .text("task", "what was learned")
            .text("equal", "what was made equal")
            .text("variant", "who is compared")
            .text("against", "with whom")
            .integer("seeds", "", "pairs of runs")
            .integer("steps", "", "of the variant")
            .integer("steps, other", "", "of the other")
            .integer("tokens", "", "that the variant predicted")
            .integer("tokens, other", "", "that the other predicted")
            .real("FLOPs", "", "of the variant, counted by formula")
            .real("FLOPs, other", "", "of the other")
            .real("seconds", "s", "that the variant trained, mean over seeds")
            .real("seconds, other", "s", "that the other trained")
            .integer("parameters", "", "of the variant")
            .integer("parameters, other", "", "of the other");
    for (Comparison found : comparisons) {
      Outcome mine = found.mine().getFirst();
      Outcome theirs = found.theirs().getFirst();
      table.row(
          found.contest().task().name(),
          found.contest().budget().label(),
          found.contest().variant().name(),
          found.contest().against().name(),
          found.loss().pairs(),
          mine.steps(),
          theirs.steps(),
          mine.tokens(),
          theirs.tokens(),
          mine.flops(),
          theirs.flops(),
          mean(found.mine(), Outcome::seconds),
          mean(found.theirs(), Outcome::seconds),
          mine.parameters(),
          theirs.parameters());
    }
    return table.build();
  }

  /// Every run, those that are not done too.
  static Table runs(StudyResults results) {
    Table.Builder table =
        Table.named("runs")
            .title("Every run")
            .text("run", "its folder")
            .text("variant", "who was trained")
            .text("task", "what it learned")
            .integer("seed", "", "where its luck came from")
            .real("rate", "", "what the learning rate was multiplied with")
            .integer("steps", "", "how many")
            .integer("tokens", "", "how many were predicted")
            .real("flops", "", "floating-point operations, counted by formula")
            .real("seconds", "s", "training alone")
            .integer("parameters", "", "how many weights")
            .real("loss", "nats", "at the end")
            .real("accuracy", "%", "at the end")
            .text("trouble", "why it could not be done");
    results.plan().runs().forEach(run -> row(table, results, run));
    return table.build();
  }

  private static void row(Table.Builder table, StudyResults results, StudyRun run) {
    results
        .outcome(run)
        .filter(o -> o.trouble().isEmpty())
        .ifPresentOrElse(
            o ->
                table.row(
                    o.run(),
                    o.variant(),
                    o.task(),
                    o.seed(),
                    o.rate(),
                    o.steps(),
                    o.tokens(),
                    o.flops(),
                    o.seconds(),
                    o.parameters(),
                    o.end().loss(),
                    100 * o.end().accuracy(),
                    ""),
            () -> {
              Cell none = Cell.missing();
              table.row(
                  run.id(),
                  run.variant().name(),
                  run.task().name(),
                  run.seed(),
                  run.rate(),
                  none,
                  none,
                  none,
                  none,
                  none,
                  none,
                  none,
                  results.outcome(run).map(Outcome::trouble).orElse("not done yet"));
            });
  }

  private static Cell known(double value) {
    return Double.isNaN(value) ? Cell.missing() : new Cell.Real(value);
  }

  private static double mean(List<Outcome> outcomes, ToDoubleFunction<Outcome> measure) {
    return outcomes.stream().mapToDouble(measure).average().orElse(Double.NaN);
  }
}
