package dev.weir.view;

import dev.weir.study.Budget;
import dev.weir.study.Contest;
import dev.weir.study.Outcome;
import dev.weir.study.Study;
import dev.weir.study.StudyResults;
import dev.weir.study.StudyRun;
import dev.weir.study.StudyTask;
import dev.weir.study.Variant;
import dev.weir.train.DataSettings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/// How the runs of a study went: losses on the way, and accuracy by difficulty. Lines are means
/// over seeds, with one standard error to either side.
final class StudyCurves {
  private static final String SEEDS =
      "Means over %s; bands and bars reach one standard error to either side. Seeds are paired, so those that overlap may still belong to a difference: the intervals of the comparisons say.";

  private final StudyResults results;
  private final Study study;

  private StudyCurves(StudyResults results) {
    this.results = results;
    this.study = results.study();
  }

  /// Losses against tokens, operations and seconds, for each task.
  static List<Report.Section> losses(StudyResults results) {
    StudyCurves curves = new StudyCurves(results);
    return results.study().tasks().stream().flatMap(task -> curves.losses(task).stream()).toList();
  }

  /// Accuracy by difficulty, for each family of tasks that differ in it.
  static List<Report.Section> difficulties(StudyResults results) {
    return new StudyCurves(results).difficulties();
  }

  // ---------------------------------------------------------------- who

  /// The outcomes of each variant at a task under a budget, at its best learning rate; runs that
  /// are missing or failed are left out.
  private Map<String, List<Outcome>> outcomes(StudyTask task, Budget budget) {
    Map<String, List<Outcome>> byVariant = new LinkedHashMap<>();
    for (Variant variant : study.variants()) {
      List<Outcome> best =
          runs(task, budget)
              .filter(run -> run.variant().equals(variant))
              .flatMap(run -> results.outcome(run).stream())
              .filter(outcome -> outcome.trouble().isEmpty())
              .distinct()
              .collect(Collectors.groupingBy(Outcome::rate))
              .values()
              .stream()
              .min(Comparator.comparingDouble(o -> mean(o, outcome -> outcome.end().loss())))
              .orElse(List.of());
      if (!best.isEmpty()) {
        byVariant.put(variant.name(), best);
      }
    }
    return byVariant;
  }

  private Stream<StudyRun> runs(StudyTask task, Budget budget) {
    return results.plan().contests().stream()
        .filter(contest -> contest.task().equals(task) && contest.budget() == budget)
        .map(Contest::pairs)
        .flatMap(List::stream)
        .flatMap(pair -> Stream.of(pair.mine(), pair.theirs()));
  }

  // ---------------------------------------------------------------- losses

  private List<Report.Section> losses(StudyTask task) {
    Budget budget = study.budgets().getFirst();
    Map<String, List<Outcome>> byVariant = outcomes(task, budget);
    if (byVariant.isEmpty()) {
      return List.of();
    }
    return List.of(
        losses(task, "tokens", "tokens read", byVariant, Outcome.Point::tokens),
        losses(
            task,
            "flops",
            "floating-point operations of training",
            byVariant,
            Outcome.Point::flops),
        losses(task, "seconds", "seconds of training", byVariant, Outcome.Point::seconds));
  }

  private Report.Section losses(
      StudyTask task,
      String name,
      String axis,
      Map<String, List<Outcome>> byVariant,
      ToDoubleFunction<Outcome.Point> along) {
    List<LineChart.Series> lines = new ArrayList<>();
    byVariant.forEach((variant, outcomes) -> {
      int looks = outcomes.stream().mapToInt(o -> o.curve().size()).min().orElse(0);
      List<Point> points = new ArrayList<>();
      List<LineChart.Spread> spreads = new ArrayList<>();
      for (int i = 0; i < looks; i++) {
        int look = i;
        ToDoubleFunction<Outcome> loss = o -> o.curve().get(look).look().loss();
        points.add(
            new Point(
                mean(outcomes, o -> along.applyAsDouble(o.curve().get(look))),
                mean(outcomes, loss)));
        spreads.add(spread(outcomes, loss));
      }
      lines.add(new LineChart.Series(variant, points, spreads));
    });
    return new Report.LineSection(
        new LineChart(
            StudyForest.fileName(task.name() + "_" + name),
            "%s: validation loss against %s".formatted(task.name(), axis),
            axis,
            "nats per prediction",
            lines,
            List.of(SEEDS.formatted(seeds(byVariant)))));
  }

  // ---------------------------------------------------------------- difficulty

  private List<Report.Section> difficulties() {
    Map<String, List<StudyTask>> families =
        study.tasks().stream()
            .filter(task -> task.difficulty().isPresent())
            .collect(
                Collectors.groupingBy(
                    StudyCurves::family, LinkedHashMap::new, Collectors.toList()));
    List<Report.Section> sections = new ArrayList<>();
    families.forEach((family, tasks) -> {
      if (tasks.size() > 1) {
        study.budgets().stream()
            .filter(budget -> budget != Budget.PARAMETERS)
            .forEach(budget -> difficulty(family, tasks, budget).ifPresent(sections::add));
      }
    });
    return sections;
  }

  /// Tasks of one kind differ in difficulty alone.
  private static String family(StudyTask task) {
    return DataSettings.task(task.source()).map(name -> name.split(":", 2)[0]).orElse("texts");
  }

  private Optional<Report.Section> difficulty(String family, List<StudyTask> tasks, Budget budget) {
    Map<String, List<Point>> points = new LinkedHashMap<>();
    Map<String, List<LineChart.Spread>> spreads = new LinkedHashMap<>();
    Map<String, List<Outcome>> all = new LinkedHashMap<>();
    for (StudyTask task : byDifficulty(tasks)) {
      outcomes(task, budget)
          .forEach((variant, outcomes) -> {
            ToDoubleFunction<Outcome> percent = o -> 100 * o.end().accuracy();
            points
                .computeIfAbsent(variant, _ -> new ArrayList<>())
                .add(new Point(task.difficulty().orElseThrow(), mean(outcomes, percent)));
            spreads.computeIfAbsent(variant, _ -> new ArrayList<>()).add(spread(outcomes, percent));
            all.put(variant + " " + task.name(), outcomes);
          });
    }
    if (points.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new Report.LineSection(
            new LineChart(
                StudyForest.fileName("%s_difficulty_%s".formatted(family, budget.label())),
                "%s: accuracy by difficulty, %s".formatted(family, budget.words()),
                "difficulty",
                "right answers (%)",
                points.entrySet().stream()
                    .map(line ->
                        new LineChart.Series(
                            line.getKey(),
                            line.getValue(),
                            spreads.getOrDefault(line.getKey(), List.of())))
                    .toList(),
                List.of(
                    "Difficulties are those of %s."
                        .formatted(
                            byDifficulty(tasks).stream()
                                .map(StudyTask::name)
                                .collect(Collectors.joining(", "))),
                    SEEDS.formatted(seeds(all))))));
  }

  private static List<StudyTask> byDifficulty(List<StudyTask> tasks) {
    return tasks.stream()
        .sorted(Comparator.comparingDouble(task -> task.difficulty().orElseThrow()))
        .toList();
  }

  // ---------------------------------------------------------------- numbers

  /// `3 seeds`, or `2 to 3 seeds` where some are missing.
  private static String seeds(Map<String, List<Outcome>> outcomes) {
    int least = outcomes.values().stream().mapToInt(List::size).min().orElse(0);
    int most = outcomes.values().stream().mapToInt(List::size).max().orElse(0);
    return least == most ? StudyWords.seeds(most) : "%d to %d seeds".formatted(least, most);
  }

  private static double mean(List<Outcome> outcomes, ToDoubleFunction<Outcome> measure) {
    return values(outcomes, measure).average().orElse(Double.NaN);
  }

  /// One standard error of the mean to either side; not known of a single run.
  private static LineChart.Spread spread(
      List<Outcome> outcomes, ToDoubleFunction<Outcome> measure) {
    double mean = mean(outcomes, measure);
    double squares = values(outcomes, v -> Math.pow(measure.applyAsDouble(v) - mean, 2)).sum();
    int n = outcomes.size();
    double error = n < 2 ? Double.NaN : Math.sqrt(squares / (n - 1.0) / n);
    return new LineChart.Spread(mean - error, mean + error);
  }

  private static DoubleStream values(List<Outcome> outcomes, ToDoubleFunction<Outcome> measure) {
    return outcomes.stream().mapToDouble(measure);
  }
}
