package dev.weir.view;

import dev.weir.study.Budget;
import dev.weir.study.Companions;
import dev.weir.study.Comparison;
import dev.weir.study.Contest;
import dev.weir.study.Difference;
import dev.weir.study.StudyResults;
import dev.weir.study.StudyTask;
import dev.weir.study.Variant;
import java.util.ArrayList;
import java.util.List;

/// The comparisons of a study as forest plots: one for each task, and one for the variants that
/// stand beside each other.
final class StudyForest {
  private StudyForest() {}

  static List<Report.Section> sections(StudyResults results) {
    List<Report.Section> sections = new ArrayList<>();
    for (StudyTask task : results.study().tasks()) {
      add(
          sections,
          task,
          task.name() + "_differences",
          "%s: differences to %s".formatted(task.name(), results.study().baseline().name()),
          results.study().baseline().name(),
          results.comparisons());
    }
    List<Comparison> companions = Companions.comparisons(results);
    for (StudyTask task : results.study().tasks()) {
      add(
          sections,
          task,
          task.name() + "_companions",
          "%s: variants beside each other".formatted(task.name()),
          "the other's",
          companions);
    }
    return sections;
  }

  private static void add(
      List<Report.Section> sections,
      StudyTask task,
      String name,
      String title,
      String other,
      List<Comparison> comparisons) {
    List<ForestChart.Group> groups = new ArrayList<>();
    for (Budget budget : Budget.values()) {
      List<ForestChart.Row> rows =
          comparisons.stream()
              .filter(c -> c.contest().task().equals(task) && c.contest().budget() == budget)
              .map(c -> row(c, other))
              .toList();
      if (!rows.isEmpty()) {
        groups.add(new ForestChart.Group(capital(budget.words()), rows));
      }
    }
    if (!groups.isEmpty()) {
      sections.add(
          new Report.ForestSection(
              new ForestChart(
                  fileName(name),
                  title,
                  task.byAccuracy()
                      ? "accuracy, less %s (percentage points)".formatted(other)
                      : "loss, less %s (nats)".formatted(other),
                  task.byAccuracy() ? ForestChart.Better.RIGHT : ForestChart.Better.LEFT,
                  groups,
                  List.of(
                      "Thin lines are intervals by Student's t, thick ones by the percentile bootstrap, both at the corrected level of %s. What both leave out zero has a colour. A thin line without an end goes on beyond the axis."
                          .formatted(level(comparisons))))));
    }
  }

  private static String level(List<Comparison> comparisons) {
    return StudyWords.level(comparisons.getFirst().loss().level());
  }

  private static ForestChart.Row row(Comparison found, String other) {
    Difference difference = StudyWords.judged(found);
    return new ForestChart.Row(
        label(found.contest(), other),
        difference.mean(),
        spread(difference.student()),
        spread(difference.bootstrap()),
        found.result() == Comparison.Result.UNDECIDED
            ? "undecided: " + StudyWords.undecided(found)
            : found.result().label(),
        difference.verdict() != Difference.Verdict.NO_DIFFERENCE_FOUND,
        difference.pairs());
  }

  /// Who is compared, and with whom where it is not the baseline itself.
  private static String label(Contest contest, String other) {
    Variant against = contest.against();
    return against.name().equals(other)
        ? contest.variant().name()
        : "%s − %s".formatted(contest.variant().name(), against.name());
  }

  private static LineChart.Spread spread(Difference.Interval interval) {
    return new LineChart.Spread(interval.low(), interval.high());
  }

  /// A name of a task as files and tables take it.
  static String fileName(String name) {
    return name.replace('.', '_');
  }

  private static String capital(String words) {
    return words.substring(0, 1).toUpperCase(java.util.Locale.ROOT) + words.substring(1);
  }
}
