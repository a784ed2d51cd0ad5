package dev.weir.view;

import dev.weir.study.Budget;
import dev.weir.study.Comparison;
import dev.weir.study.Contest;
import dev.weir.study.Difference;
import dev.weir.study.Outcome;
import dev.weir.study.Study;
import dev.weir.study.StudyResults;
import dev.weir.study.StudyTask;
import dev.weir.study.Variant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/// What a study found: who wins under which budget, how the losses fell, what every run did.
public final class StudyReport {
  private StudyReport() {}

  /// The report.
  ///
  /// @param results what is known; runs that are not done are left out
  public static Report of(StudyResults results) {
    Study study = results.study();
    List<Report.Section> sections = new ArrayList<>();
    sections.add(new Report.TableSection(comparisons(results)));
    for (StudyTask task : study.tasks()) {
      sections.addAll(curves(results, task));
    }
    sections.add(new Report.TableSection(runs(results)));
    return new Report(
        "Study: " + study.name(),
        study.question(),
        sections,
        List.of(
            "%d of %d runs are done, %d seeds each."
                .formatted(results.done(), results.plan().runs().size(), study.seeds().size()),
            "Differences are paired by seed: the same start of shared weights and the same order of the data. Two intervals are given, by Student's t and by the percentile bootstrap; a difference is called one only if both leave out zero. Their level is corrected for the number of variants (Bonferroni)."));
  }

  /// Who wins under which budget: a row for each variant, task and budget whose runs are done.
  ///
  /// @param results what is known
  public static Table comparisons(StudyResults results) {
    Table.Builder table =
        Table.named("comparisons")
            .title("Beside " + results.study().baseline().name())
            .text("task", "what was learned")
            .text("equal", "what was made equal")
            .text("variant", "who is compared")
            .text("result", "what follows from both intervals")
            .real("loss", "nats", "at the end on what was not trained on, mean over seeds")
            .real("difference", "nats", "loss less the other's, paired by seed")
            .real("error", "nats", "standard error of the difference")
            .real("low", "nats", "lower end by Student's t")
            .real("high", "nats", "upper end by Student's t")
            .real("accuracy", "%", "how often the first choice is right, mean over seeds")
            .real("accuracy difference", "%", "less the other's")
            .integer("steps", "", "of the variant")
            .integer("parameters", "", "of the variant")
            .integer("seeds", "", "pairs of runs");
    results.comparisons().forEach(found -> row(table, found));
    return table.build();
  }

  private static void row(Table.Builder table, Comparison found) {
    Contest contest = found.contest();
    Difference loss = found.loss();
    table.row(
        contest.task().name(),
        contest.budget().label(),
        contest.variant().name(),
        words(found.result()),
        mean(found.mine(), o -> o.end().loss()),
        loss.mean(),
        loss.error(),
        loss.student().low(),
        loss.student().high(),
        100 * mean(found.mine(), o -> o.end().accuracy()),
        100 * found.accuracy().mean(),
        found.mine().getFirst().steps(),
        found.mine().getFirst().parameters(),
        loss.pairs());
  }

  private static String words(Comparison.Result result) {
    return result.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private static double mean(List<Outcome> outcomes, ToDoubleFunction<Outcome> measure) {
    return outcomes.stream().mapToDouble(measure).average().orElse(Double.NaN);
  }

  // ---------------------------------------------------------------- curves

  private static List<Report.Section> curves(StudyResults results, StudyTask task) {
    Study study = results.study();
    Map<String, List<Outcome>> byVariant = new LinkedHashMap<>();
    for (Variant variant : study.variants()) {
      results.plan().contests().stream()
          .filter(contest -> contest.task().equals(task) && contest.budget() == first(study))
          .flatMap(contest -> contest.pairs().stream())
          .flatMap(pair -> Stream.of(pair.mine(), pair.theirs()))
          .filter(run -> run.variant().equals(variant))
          .flatMap(run -> results.outcome(run).stream())
          .distinct()
          .filter(outcome -> !outcome.curve().isEmpty())
          .forEach(outcome ->
              byVariant.computeIfAbsent(variant.name(), _ -> new ArrayList<>()).add(outcome));
    }
    if (byVariant.isEmpty()) {
      return List.of();
    }
    return List.of(
        curve(task, "tokens", "tokens read", byVariant, p -> p.tokens()),
        curve(task, "flops", "floating-point operations", byVariant, Outcome.Point::flops),
        curve(task, "seconds", "seconds", byVariant, Outcome.Point::seconds));
  }

  private static Budget first(Study study) {
    return study.budgets().getFirst();
  }

  /// The mean over seeds, look by look.
  private static Report.Section curve(
      StudyTask task,
      String name,
      String axis,
      Map<String, List<Outcome>> byVariant,
      ToDoubleFunction<Outcome.Point> along) {
    List<LineChart.Series> lines = new ArrayList<>();
    byVariant.forEach((variant, outcomes) -> {
      int looks = outcomes.stream().mapToInt(o -> o.curve().size()).min().orElse(0);
      List<Point> points = new ArrayList<>();
      for (int i = 0; i < looks; i++) {
        int look = i;
        points.add(
            new Point(
                mean(outcomes, o -> along.applyAsDouble(o.curve().get(look))),
                mean(outcomes, o -> o.curve().get(look).look().loss())));
      }
      lines.add(new LineChart.Series(variant, points));
    });
    return new Report.LineSection(
        new LineChart(
            task.name() + "_" + name,
            "%s: validation loss".formatted(task.name()),
            axis,
            "nats per prediction",
            lines,
            List.of("Means over seeds.")));
  }

  // ---------------------------------------------------------------- runs

  private static Table runs(StudyResults results) {
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
    results.plan().runs().stream()
        .flatMap(run -> results.outcome(run).stream())
        .forEach(o -> row(table, o));
    return table.build();
  }

  private static void row(Table.Builder table, Outcome o) {
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
        o.trouble());
  }
}
