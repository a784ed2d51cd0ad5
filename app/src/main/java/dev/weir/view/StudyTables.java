package dev.weir.view;

import dev.weir.study.Comparison;
import dev.weir.study.Contest;
import dev.weir.study.Difference;
import dev.weir.study.Outcome;
import dev.weir.study.StudyResults;
import dev.weir.study.StudyRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/// The numbers of a study as tables: comparisons, what both sides spent, every run.
final class StudyTables {
  private StudyTables() {}

  /// What a model is measured by, one of which judges each task.
  private enum Measure {
    LOSS,
    ACCURACY;

    boolean judges(Comparison found) {
      return StudyWords.byAccuracy(found) == (this == ACCURACY);
    }

    double of(List<Outcome> outcomes) {
      return switch (this) {
        case LOSS -> mean(outcomes, o -> o.end().loss());
        case ACCURACY -> 100 * mean(outcomes, o -> o.end().accuracy());
      };
    }

    Difference difference(Comparison found) {
      return switch (this) {
        case LOSS -> found.loss();
        case ACCURACY -> StudyWords.percent(found.accuracy());
      };
    }

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// Whom a table sets its variants beside.
  enum Beside {
    /// The baseline, widened where parameters are made equal.
    BASELINE,
    /// Each other.
    EACH_OTHER
  }

  /// What was decided, a row for each comparison: the verdict beside the numbers it follows from,
  /// in what the task is judged by.
  ///
  /// @param title of the table
  /// @param comparisons what was decided
  static Table judged(String title, List<Comparison> comparisons) {
    Table.Builder table =
        Table.named("judged")
            .title(title)
            .name("task", "what was learned")
            .name("equal", "what was made equal")
            .name("variant", "who is compared")
            .name("result", "what follows from both intervals")
            .name("difference", "variant less other, in what the task is judged by")
            .integer("seeds", "", "pairs of runs")
            .name("interval", "from the lowest to the highest end of both intervals")
            .name("against", "with whom");
    for (Comparison found : comparisons) {
      table.row(
          found.contest().task().name(),
          found.contest().budget().label(),
          found.contest().variant().name(),
          found.result().label(),
          known(StudyWords.judged(found).mean(), StudyWords.difference(found)),
          found.loss().pairs(),
          known(StudyWords.judged(found).error(), StudyWords.interval(found)),
          found.contest().against().name());
    }
    return table.note(judges(comparisons)).build();
  }

  /// A single seed has a difference and no interval, a run that failed has neither.
  private static Cell known(double value, String words) {
    return Double.isNaN(value) ? Cell.missing() : new Cell.Text(words);
  }

  private static String judges(List<Comparison> comparisons) {
    List<String> words = new ArrayList<>();
    if (comparisons.stream().anyMatch(Measure.LOSS::judges)) {
      words.add("nats are of loss, where below zero is better");
    }
    if (comparisons.stream().anyMatch(Measure.ACCURACY::judges)) {
      words.add("points are percentage points of right answers, where above zero is better");
    }
    return "Differences are the variant's less the other's: %s."
        .formatted(String.join("; ", words));
  }

  /// Losses of the comparisons.
  ///
  /// @param name of the table
  /// @param title of the table
  /// @param comparisons what was decided
  /// @param beside whom the variants are compared with
  static Table losses(String name, String title, List<Comparison> comparisons, Beside beside) {
    return measured(Measure.LOSS, Table.named(name).title(title), comparisons, beside);
  }

  /// Accuracies of the comparisons.
  ///
  /// @param name of the table
  /// @param title of the table
  /// @param comparisons what was decided
  /// @param beside whom the variants are compared with
  static Table accuracies(String name, String title, List<Comparison> comparisons, Beside beside) {
    return measured(Measure.ACCURACY, Table.named(name).title(title), comparisons, beside);
  }

  /// Verdicts stand only beside the numbers that they follow from: a task that the other measure
  /// judges has none here.
  private static Table measured(
      Measure measure, Table.Builder table, List<Comparison> comparisons, Beside beside) {
    boolean hasVerdicts = comparisons.stream().anyMatch(measure::judges);
    table
        .name("task", "what was learned")
        .name("equal", "what was made equal")
        .name("variant", "who is compared");
    if (beside == Beside.EACH_OTHER) {
      table.name("against", "with whom");
    }
    if (hasVerdicts) {
      table.name("result", "what follows from both intervals");
    }
    switch (measure) {
      case LOSS -> numbers(table, "loss", "nats", "nats", "at the end on what was not trained on");
      case ACCURACY ->
          numbers(table, "accuracy", "%", "points", "how often the first choice is right");
    }
    if (beside == Beside.BASELINE) {
      table.name("against", "with whom");
    }
    comparisons.forEach(found -> row(table, measure, hasVerdicts, beside, found));
    List<String> elsewhere =
        comparisons.stream()
            .filter(found -> !measure.judges(found))
            .map(found -> found.contest().task().name())
            .distinct()
            .toList();
    if (!elsewhere.isEmpty()) {
      table.note(
          "%s %s judged by %s: what follows stands in that table, and from these numbers nothing does."
              .formatted(
                  StudyWords.listed(elsewhere),
                  elsewhere.size() == 1 ? "is" : "are",
                  (measure == Measure.LOSS ? Measure.ACCURACY : Measure.LOSS).word()));
    }
    return table.build();
  }

  private static void numbers(
      Table.Builder table, String measure, String unit, String ofDifferences, String about) {
    table
        .integer("seeds", "", "pairs of runs")
        .real(measure, unit, about + ", mean over seeds")
        .real("difference", ofDifferences, measure + " less the other's, paired by seed")
        .real("error", ofDifferences, "standard error of the difference")
        .real("t low", ofDifferences, "lower end by Student's t")
        .real("t high", ofDifferences, "upper end by Student's t")
        .real("bootstrap low", ofDifferences, "lower end by the percentile bootstrap")
        .real("bootstrap high", ofDifferences, "upper end by the percentile bootstrap")
        .real("level", "%", "of both intervals, corrected for how many are compared");
  }

  private static void row(
      Table.Builder table, Measure measure, boolean hasVerdicts, Beside beside, Comparison found) {
    Contest contest = found.contest();
    Difference difference = measure.difference(found);
    List<Object> cells =
        new ArrayList<>(
            List.of(contest.task().name(), contest.budget().label(), contest.variant().name()));
    if (beside == Beside.EACH_OTHER) {
      cells.add(contest.against().name());
    }
    if (hasVerdicts) {
      cells.add(measure.judges(found) ? found.result().label() : Cell.missing());
    }
    cells.addAll(
        List.of(
            difference.pairs(),
            known(measure.of(found.mine())),
            known(difference.mean()),
            known(difference.error()),
            known(difference.student().low()),
            known(difference.student().high()),
            known(difference.bootstrap().low()),
            known(difference.bootstrap().high()),
            100 * difference.level()));
    if (beside == Beside.BASELINE) {
      cells.add(contest.against().name());
    }
    table.row(cells.toArray());
  }

  /// What both sides of each comparison were given.
  static Table spent(List<Comparison> comparisons) {
    Table.Builder table =
        Table.named("spent")
            .title("What both sides were given")
            .name("task", "what was learned")
            .name("equal", "what was made equal")
            .name("variant", "who is compared")
            .name("against", "with whom")
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
            .name("run", "its folder")
            .name("variant", "who was trained")
            .name("task", "what it learned")
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
