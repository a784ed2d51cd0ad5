package dev.weir.view;

import dev.weir.train.RunPlan;
import dev.weir.train.StepStatistics;
import dev.weir.train.TrainingStep;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/// A training run to look at: how the loss fell, how fast it learned, what it was asked for.
public final class TrainingReport {

  /// A line of so many points shows everything that its picture can.
  private static final int MOST_POINTS = 300;

  private static final int MOST_STATISTICS = 24;

  private TrainingReport() {}

  /// The loss over the steps: training as the mean of several steps where there are many,
  /// validation where it was looked at.
  ///
  /// @param steps the steps of the run, at least one
  public static LineChart loss(List<TrainingStep> steps) {
    List<LineChart.Series> lines = new ArrayList<>();
    lines.add(new LineChart.Series("training", means(steps, TrainingStep::trainLoss)));
    List<Point> looks =
        steps.stream()
            .filter(step -> step.validationLoss().isPresent())
            .map(step -> new Point(step.step(), step.validationLoss().getAsDouble()))
            .toList();
    if (!looks.isEmpty()) {
      lines.add(new LineChart.Series("validation", looks));
    }
    int together = together(steps);
    return new LineChart(
        "loss",
        "Loss",
        "step",
        "nats per token",
        lines,
        together > 1
            ? List.of(
                "Each point of the training line is the mean of %d steps.".formatted(together))
            : List.of());
  }

  /// All of it.
  ///
  /// @param name what the run is called, for instance its folder
  /// @param plan what it was asked for
  /// @param parameters how many numbers its model has
  /// @param steps the steps of the run, at least one
  public static Report of(String name, RunPlan plan, long parameters, List<TrainingStep> steps) {
    List<Report.Section> sections = new ArrayList<>();
    sections.add(new Report.LineSection(loss(steps)));
    sections.add(new Report.TableSection(outcome(parameters, steps)));
    sections.add(
        new Report.LineSection(
            line(
                "gradient_norm",
                "Length of the gradient before clipping",
                "length",
                means(steps, TrainingStep::gradientNorm))));
    sections.add(
        new Report.LineSection(
            line(
                "learning_rate",
                "Learning rate",
                "per step",
                means(steps, TrainingStep::learningRate))));
    statistics(steps).forEach(chart -> sections.add(new Report.LineSection(chart)));
    sections.add(new Report.TableSection(settings(plan)));
    return new Report("Training " + name, subtitle(plan), sections, List.of());
  }

  /// The loss alone, for a picture.
  ///
  /// @param name what the run is called, for instance its folder
  /// @param plan what it was asked for
  /// @param steps the steps of the run, at least one
  public static Report picture(String name, RunPlan plan, List<TrainingStep> steps) {
    return new Report(
        "Training " + name,
        subtitle(plan),
        List.of(new Report.LineSection(loss(steps))),
        List.of());
  }

  private static String subtitle(RunPlan plan) {
    return "%s, %d layers, d_model %d, %d heads; batch %d × %d tokens"
        .formatted(
            plan.model().pathway(),
            plan.model().nLayers(),
            plan.model().dModel(),
            plan.model().nHeads(),
            plan.training().batching().batch(),
            plan.training().batching().window());
  }

  private static int together(List<TrainingStep> steps) {
    return Math.ceilDiv(steps.size(), MOST_POINTS);
  }

  /// The means of so many neighbouring steps that few points remain, each at its last step.
  private static List<Point> means(List<TrainingStep> steps, ToDoubleFunction<TrainingStep> value) {
    int together = together(steps);
    List<Point> points = new ArrayList<>();
    for (int from = 0; from < steps.size(); from += together) {
      List<TrainingStep> part = steps.subList(from, Math.min(steps.size(), from + together));
      points.add(
          new Point(
              part.getLast().step(), part.stream().mapToDouble(value).average().orElseThrow()));
    }
    return points;
  }

  private static LineChart line(String name, String title, String unit, List<Point> points) {
    return new LineChart(
        name,
        title,
        "step",
        unit,
        List.of(new LineChart.Series(name.replace('_', ' '), points)),
        List.of());
  }

  /// One chart for each kind of value, such as all gates `hook_beta`, with a line for each site.
  private static List<LineChart> statistics(List<TrainingStep> steps) {
    Map<String, Map<String, List<Point>>> kinds = new LinkedHashMap<>();
    for (TrainingStep step : steps) {
      for (Map.Entry<String, StepStatistics.Summary> seen : step.statistics().entrySet()) {
        int dot = seen.getKey().lastIndexOf('.');
        kinds
            .computeIfAbsent(seen.getKey().substring(dot + 1), _ -> new LinkedHashMap<>())
            .computeIfAbsent(seen.getKey().substring(0, Math.max(0, dot)), _ -> new ArrayList<>())
            .add(new Point(step.step(), seen.getValue().mean()));
      }
    }
    List<LineChart> charts = new ArrayList<>();
    kinds.forEach((kind, lines) -> charts.add(statistic(kind, lines)));
    return charts;
  }

  private static LineChart statistic(String kind, Map<String, List<Point>> lines) {
    List<LineChart.Series> series =
        lines.entrySet().stream()
            .limit(MOST_STATISTICS)
            .map(line -> new LineChart.Series(line.getKey(), line.getValue()))
            .toList();
    List<String> notes =
        lines.size() > MOST_STATISTICS
            ? List.of(
                "The first %d of %d; the log has all.".formatted(MOST_STATISTICS, lines.size()))
            : List.of();
    return new LineChart(kind, "Routing: " + kind, "step", "mean", series, notes);
  }

  private static Table outcome(long parameters, List<TrainingStep> steps) {
    TrainingStep last = steps.getLast();
    Table.Builder table =
        Table.named("outcome").title("Outcome").text("what", "").text("value", "");
    table.row("parameters", "%,d".formatted(parameters));
    table.row("steps", "%,d".formatted(last.step()));
    table.row("tokens", "%,d".formatted(last.tokens()));
    table.row("training loss, last step", loss(last.trainLoss()));
    steps.reversed().stream()
        .filter(step -> step.validationLoss().isPresent())
        .findFirst()
        .ifPresent(step ->
            table.row(
                "validation loss, step " + step.step(), loss(step.validationLoss().getAsDouble())));
    steps.stream()
        .filter(step -> step.validationLoss().isPresent())
        .min(Comparator.comparingDouble(step -> step.validationLoss().getAsDouble()))
        .ifPresent(step ->
            table.row(
                "lowest validation loss, step " + step.step(),
                loss(step.validationLoss().getAsDouble())));
    double speed =
        steps.stream()
            .mapToDouble(TrainingStep::tokensPerSecond)
            .sorted()
            .skip(steps.size() / 2)
            .findFirst()
            .orElseThrow();
    table.row("tokens per second, median", "%,.0f".formatted(speed));
    if (last.flops() > 0) {
      table.row("floating-point operations", String.format(Locale.ROOT, "%.3g", last.flops()));
    }
    return table.build();
  }

  private static String loss(double nats) {
    return String.format(Locale.ROOT, "%.4f nats per token", nats);
  }

  private static Table settings(RunPlan plan) {
    Table.Builder table =
        Table.named("settings").title("Settings").text("setting", "").text("value", "");
    table.row("model", plan.model().toString());
    table.row("data", plan.data().toString());
    table.row("batching", plan.training().batching().toString());
    table.row("schedule", plan.training().schedule().toString());
    table.row("optimizer", plan.training().optimizer().toString());
    table.row("execution", plan.training().execution().toString());
    table.row("seeds", plan.training().seeds().toString());
    table.row("dropout", Double.toString(plan.training().dropout()));
    table.row("threads", Integer.toString(plan.threads()));
    table.note("run.json holds all of them.");
    return table.build();
  }
}
