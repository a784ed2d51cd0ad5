package dev.weir.view;

import dev.weir.study.Comparison;
import dev.weir.study.Contest;
import dev.weir.study.Difference;
import dev.weir.study.Inside;
import dev.weir.study.InsideComparison;
import dev.weir.study.InsideMeasure;
import dev.weir.study.Outcome;
import dev.weir.study.StudyResults;
import dev.weir.study.StudyTask;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What changed inside the models of a study: their readouts beside the baseline's, over depth, and
/// in words. Words follow from intervals alone and name no cause: they say what goes together with
/// the difference in loss.
public final class StudyInside {
  private static final double LEAVES_AS_IT_IS = 1e-6;

  private StudyInside() {}

  /// The sections; none where no model was looked into, or no comparison is done.
  ///
  /// @param results what is known
  public static List<Report.Section> sections(StudyResults results) {
    return results.study().tasks().stream()
        .flatMap(task -> Task.of(results, task).sections().stream())
        .toList();
  }

  /// The models that learned a task under the first budget.
  ///
  /// @param task what they learned
  /// @param comparisons who is compared with whom
  /// @param models what each is like inside, by name, seed by seed; the baseline's first
  /// @param readouts every readout of every comparison
  /// @param troubles what could not be read
  private record Task(
      StudyTask task,
      List<Comparison> comparisons,
      Map<String, List<Inside>> models,
      List<InsideComparison> readouts,
      List<String> troubles) {

    static Task of(StudyResults results, StudyTask task) {
      List<Comparison> comparisons =
          results.comparisons().stream()
              .filter(c -> c.contest().task().equals(task))
              .filter(c -> c.contest().budget() == results.study().budgets().getFirst())
              .toList();
      Map<String, List<Inside>> models = new LinkedHashMap<>();
      List<String> troubles = new ArrayList<>();
      comparisons.forEach(c -> add(results, c.contest().against().name(), c.theirs(), models));
      comparisons.forEach(c -> add(results, c.contest().variant().name(), c.mine(), models));
      models.forEach((name, insides) ->
          insides.stream()
              .filter(inside -> !inside.trouble().isEmpty())
              .forEach(inside ->
                  troubles.add("%s, run %s: %s".formatted(name, inside.run(), inside.trouble()))));
      models.replaceAll(
          (_, insides) -> insides.stream().filter(inside -> inside.trouble().isEmpty()).toList());
      models.values().removeIf(List::isEmpty);
      int variants = results.study().variants().size() - 1;
      List<InsideComparison> readouts =
          comparisons.stream()
              .flatMap(c ->
                  Arrays.stream(InsideMeasure.values())
                      .map(m -> InsideComparison.of(c, results.insides(), m, variants)))
              .toList();
      return new Task(task, comparisons, models, readouts, troubles);
    }

    private static void add(
        StudyResults results,
        String name,
        List<Outcome> outcomes,
        Map<String, List<Inside>> models) {
      List<Inside> insides =
          outcomes.stream()
              .flatMap(o -> Optional.ofNullable(results.insides().get(o.run())).stream())
              .toList();
      models.putIfAbsent(name, insides);
    }

    List<Report.Section> sections() {
      if (models.isEmpty() && troubles.isEmpty()) {
        return List.of();
      }
      List<Report.Section> sections = new ArrayList<>();
      sections.add(new Report.Text("Inside: " + task.name(), Words.of(this)));
      for (InsideMeasure.Group group : InsideMeasure.Group.values()) {
        table(group).map(Report.TableSection::new).ifPresent(sections::add);
      }
      sections.addAll(Charts.of(this));
      return sections;
    }

    // -------------------------------------------------------------- tables

    /// A row for each readout and model that it applies to; no table where it applies to none.
    private Optional<Table> table(InsideMeasure.Group group) {
      Table.Builder table =
          Table.named(file(task.name() + "_inside_" + group.name().toLowerCase(Locale.ROOT)))
              .title("%s, inside: %s".formatted(task.name(), group.title()))
              .name("readout", "what is measured")
              .name("variant", "in whom")
              .real("mean", "", "over seeds")
              .real("error", "", "standard error of the mean")
              .real("difference", "", "less the baseline's, paired by seed")
              .real("low", "", "lower end by Student's t")
              .real("high", "", "upper end by Student's t")
              .name("found", "what follows from both intervals")
              .integer("seeds", "", "how many");
      boolean any = false;
      for (InsideMeasure measure : measures(group)) {
        if (models.keySet().stream().anyMatch(name -> applies(measure, name))) {
          any = true;
          models.keySet().stream()
              .filter(name -> applies(measure, name))
              .forEach(name -> row(table, measure, name));
          table.note("%s: %s.".formatted(measure.label(), measure.about()));
        }
      }
      missing(group).forEach(table::note);
      return any ? Optional.of(table.build()) : Optional.empty();
    }

    private static List<InsideMeasure> measures(InsideMeasure.Group group) {
      return Arrays.stream(InsideMeasure.values()).filter(m -> m.group() == group).toList();
    }

    private boolean applies(InsideMeasure measure, String name) {
      return values(measure, name).length > 0;
    }

    private double[] values(InsideMeasure measure, String name) {
      return models.getOrDefault(name, List.of()).stream()
          .map(measure::of)
          .flatMapToDouble(OptionalDouble::stream)
          .toArray();
    }

    private void row(Table.Builder table, InsideMeasure measure, String name) {
      double[] values = values(measure, name);
      Optional<Difference> difference =
          readouts.stream()
              .filter(r -> r.measure() == measure)
              .filter(r -> r.comparison().contest().variant().name().equals(name))
              .findFirst()
              .flatMap(InsideComparison::difference);
      table.row(
          measure.label(),
          name,
          Arrays.stream(values).average().orElseThrow(),
          number(error(values)),
          number(difference.map(Difference::mean)),
          number(difference.map(d -> d.student().low())),
          number(difference.map(d -> d.student().high())),
          difference.map(StudyInside::found).orElse(""),
          values.length);
    }

    private static Optional<Double> error(double[] values) {
      if (values.length < 2) {
        return Optional.empty();
      }
      double mean = Arrays.stream(values).average().orElseThrow();
      double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
      return Optional.of(Math.sqrt(squares / (values.length - 1.0) / values.length));
    }

    private static Cell number(Optional<Double> value) {
      return value.filter(v -> !Double.isNaN(v)).<Cell>map(Cell.Real::new).orElse(Cell.missing());
    }

    /// Who has none of what some readouts are about.
    private List<String> missing(InsideMeasure.Group group) {
      Map<List<String>, List<String>> byModels = new LinkedHashMap<>();
      for (InsideMeasure measure : measures(group)) {
        List<String> without =
            models.keySet().stream().filter(name -> !applies(measure, name)).toList();
        if (!without.isEmpty()) {
          byModels.computeIfAbsent(without, _ -> new ArrayList<>()).add(measure.label());
        }
      }
      return byModels.entrySet().stream()
          .map(entry ->
              "Does not apply to %s: %s."
                  .formatted(
                      String.join(", ", entry.getKey()), String.join(", ", entry.getValue())))
          .toList();
    }
  }

  /// Names of tables and pictures become names of files.
  private static String file(String name) {
    return name.replaceAll("[^A-Za-z0-9_-]+", "-");
  }

  private static String found(Difference difference) {
    if (Double.isNaN(difference.error())) {
      return "undecided";
    }
    return switch (difference.verdict()) {
      case HIGHER -> "higher";
      case LOWER -> "lower";
      case NO_DIFFERENCE_FOUND -> "no difference found";
    };
  }

  // ---------------------------------------------------------------- words

  /// Sentences that follow from intervals.
  private static final class Words {

    private Words() {}

    static List<String> of(Task task) {
      List<String> words = new ArrayList<>();
      task.models().values().stream()
          .findFirst()
          .ifPresent(insides ->
              words.add(
                  "Readouts of %d texts of the validation data, %d tokens, the same for every run. Intervals are corrected for the number of variants, not for that of readouts, and what goes together with a loss need not be why."
                      .formatted(insides.getFirst().texts(), insides.getFirst().tokens())));
      for (Comparison comparison : task.comparisons()) {
        if (task.models().containsKey(comparison.contest().variant().name())) {
          words.add(beside(task, comparison));
        }
      }
      task.models().forEach((name, insides) -> gates(name, insides).ifPresent(words::add));
      task.models().forEach((name, insides) -> window(name, insides).ifPresent(words::add));
      task.troubles().forEach(trouble -> words.add("Could not be read: " + trouble));
      return words;
    }

    private static String beside(Task task, Comparison comparison) {
      Contest contest = comparison.contest();
      List<String> changed = new ArrayList<>();
      List<String> same = new ArrayList<>();
      for (InsideComparison readout : task.readouts()) {
        if (readout.comparison().equals(comparison)) {
          readout
              .difference()
              .filter(difference -> !Double.isNaN(difference.error()))
              .ifPresent(difference -> {
                switch (difference.verdict()) {
                  case HIGHER, LOWER ->
                      changed.add(readout.measure().label() + " is " + by(difference));
                  case NO_DIFFERENCE_FOUND -> same.add(readout.measure().label());
                }
              });
        }
      }
      return "%s beside %s: %s.%s%s"
          .formatted(
              contest.variant().name(),
              contest.against().name(),
              outcome(comparison),
              changed.isEmpty() ? "" : " Inside, %s.".formatted(String.join("; ", changed)),
              same.isEmpty()
                  ? ""
                  : " No difference found in %s.".formatted(String.join(", ", same)));
    }

    private static String outcome(Comparison comparison) {
      boolean accuracy = comparison.contest().task().byAccuracy();
      String what = accuracy ? "accuracy" : "loss";
      Difference difference = accuracy ? comparison.accuracy() : comparison.loss();
      return switch (comparison.result()) {
        case WINS, LOSES -> "its %s is %s".formatted(what, by(difference));
        case NO_DIFFERENCE_FOUND -> "no difference found in %s".formatted(what);
        case UNDECIDED -> "too few runs to tell a difference in " + what;
      };
    }

    /// `lower by 0.31 (0.27 to 0.35)`.
    private static String by(Difference difference) {
      double sign = difference.mean() < 0 ? -1 : 1;
      double one = sign * difference.student().low();
      double other = sign * difference.student().high();
      return "%s by %s (%s to %s)"
          .formatted(
              sign < 0 ? "lower" : "higher",
              NumberText.trimmed(sign * difference.mean()),
              NumberText.trimmed(Math.min(one, other)),
              NumberText.trimmed(Math.max(one, other)));
    }

    private static Optional<String> gates(String name, List<Inside> insides) {
      return mean(insides, InsideMeasure.GATE)
          .map(gate -> {
            double erased = mean(insides, InsideMeasure.ERASED).orElse(0.0);
            String most =
                erased == 0
                    ? ""
                    : ", most at "
                        + most(insides, Inside::gates, Inside.Gate::label, Inside.Gate::erased);
            return "In %s the gate is %s on average, below 0.2 at %s of the positions, from 0.9 to 1.1 at %s, 1.8 and more at %s. A write erases %s of the stream's square%s."
                .formatted(
                    name,
                    NumberText.fixed(gate, 2),
                    percent(mean(insides, InsideMeasure.GATE_NEAR_ZERO).orElse(0.0)),
                    percent(mean(insides, InsideMeasure.GATE_NEAR_ONE).orElse(0.0)),
                    percent(mean(insides, InsideMeasure.GATE_NEAR_TWO).orElse(0.0)),
                    erased == 0 ? "nothing" : percent(erased),
                    most);
          });
    }

    private static Optional<String> window(String name, List<Inside> insides) {
      return mean(insides, InsideMeasure.WINDOW_AGE)
          .map(age ->
              "In %s the local window looks %s positions back on average and keeps %s of its weight on the position itself; what it writes is %s times as long as the stream."
                  .formatted(
                      name,
                      NumberText.fixed(age, 2),
                      percent(mean(insides, InsideMeasure.WINDOW_SELF).orElse(Double.NaN)),
                      NumberText.fixed(
                          mean(insides, InsideMeasure.LOCAL_SIZE).orElse(Double.NaN), 2)));
    }

    private static Optional<Double> mean(List<Inside> insides, InsideMeasure measure) {
      OptionalDouble mean =
          insides.stream().map(measure::of).flatMapToDouble(OptionalDouble::stream).average();
      return mean.isPresent() ? Optional.of(mean.getAsDouble()) : Optional.empty();
    }

    /// The part whose mean over seeds is largest, with it.
    private static <T> String most(
        List<Inside> insides,
        Function<Inside, List<T>> parts,
        Function<T, String> label,
        Function<T, Double> value) {
      return insides.stream()
          .flatMap(inside -> parts.apply(inside).stream())
          .collect(
              Collectors.groupingBy(
                  label, LinkedHashMap::new, Collectors.averagingDouble(value::apply)))
          .entrySet()
          .stream()
          .max(Map.Entry.comparingByValue())
          .map(entry -> "%s: %s".formatted(entry.getKey(), percent(entry.getValue())))
          .orElseThrow();
    }

    private static String percent(double share) {
      return NumberText.trimmed(Double.parseDouble(NumberText.fixed(100 * share, 1))) + " %";
    }
  }

  // ---------------------------------------------------------------- pictures

  /// Lines over depth and maps of routing.
  private static final class Charts {

    private Charts() {}

    static List<Report.Section> of(Task task) {
      List<Report.Section> sections = new ArrayList<>();
      line(
              task,
              "influence",
              "1 − cos of the stream before and after",
              "block influence",
              inside -> points(inside.blocks(), (_, i) -> i + 1.0, Inside.Block::influence))
          .ifPresent(sections::add);
      line(
              task,
              "persistence",
              "what is left at the end of a write",
              "persistence",
              inside -> points(inside.writes(), (w, _) -> written(w.label()), Inside.Write::kept))
          .ifPresent(sections::add);
      line(
              task,
              "dimension",
              "participation ratio of the stream",
              "stream dimension",
              inside -> points(inside.places(), (_, i) -> (double) i, Inside.Place::dimension))
          .ifPresent(sections::add);
      line(
              task,
              "write_dimension",
              "participation ratio of a write",
              "write dimension",
              inside ->
                  points(inside.writes(), (w, _) -> written(w.label()), Inside.Write::dimension))
          .ifPresent(sections::add);
      line(
              task,
              "kurtosis",
              "kurtosis of a token's coordinates",
              "kurtosis of the stream",
              inside -> points(inside.places(), (_, i) -> (double) i, Inside.Place::kurtosis))
          .ifPresent(sections::add);
      line(
              task,
              "gates",
              "β",
              "gates",
              inside -> points(inside.gates(), (g, _) -> written(g.label()), Inside.Gate::beta))
          .ifPresent(sections::add);
      line(
              task,
              "erased",
              "share of the stream's square",
              "erased at a write",
              inside -> points(inside.gates(), (g, _) -> written(g.label()), Inside.Gate::erased))
          .ifPresent(sections::add);
      task.models()
          .forEach((name, insides) ->
              routing(task.task().name(), name, insides).ifPresent(sections::add));
      return sections;
    }

    private interface Depth<T> {
      double of(T part, int index);
    }

    private static <T> List<Point> points(
        List<T> parts, Depth<T> depth, Function<T, Double> height) {
      return IntStream.range(0, parts.size())
          .mapToObj(i -> new Point(depth.of(parts.get(i), i), height.apply(parts.get(i))))
          .toList();
    }

    /// How many blocks are passed when a write arrives, by its label: the embedding's 0, a block's
    /// last write at its end.
    private static double written(String label) {
      if (label.equals("embed")) {
        return 0;
      }
      String[] parts = label.split("_", -1);
      double layer = Integer.parseInt(parts[0]);
      return layer
          + switch (parts[1]) {
            case "local" -> 0.25;
            case "attn" -> 0.5;
            default -> 1;
          };
    }

    /// A line for each model that has any points, the mean over seeds.
    private static Optional<Report.Section> line(
        Task task, String name, String yLabel, String title, Function<Inside, List<Point>> points) {
      List<LineChart.Series> lines =
          task.models().entrySet().stream()
              .map(entry -> new LineChart.Series(entry.getKey(), mean(entry.getValue(), points)))
              .filter(line -> !line.points().isEmpty())
              .toList();
      return lines.isEmpty()
          ? Optional.empty()
          : Optional.of(
              new Report.LineSection(
                  new LineChart(
                      file(task.task().name() + "_inside_" + name),
                      "%s: %s over depth".formatted(task.task().name(), title),
                      "blocks passed",
                      yLabel,
                      lines,
                      List.of("Means over seeds."))));
    }

    private static List<Point> mean(List<Inside> insides, Function<Inside, List<Point>> points) {
      TreeMap<Double, Double> heights =
          insides.stream()
              .flatMap(inside -> points.apply(inside).stream())
              .collect(
                  Collectors.groupingBy(
                      Point::x, TreeMap::new, Collectors.averagingDouble(Point::y)));
      return heights.entrySet().stream().map(e -> new Point(e.getKey(), e.getValue())).toList();
    }

    /// Reader by age of the source; none where every write arrives as it was written.
    private static Optional<Report.Section> routing(
        String task, String name, List<Inside> insides) {
      List<Inside.Reading> readings = insides.getFirst().readings();
      boolean plain =
          insides.stream()
              .flatMap(inside -> inside.readings().stream())
              .flatMap(reading -> reading.weights().stream())
              .allMatch(weight -> Math.abs(weight - 1) < LEAVES_AS_IT_IS);
      if (plain) {
        return Optional.empty();
      }
      int writes = readings.getLast().weights().size() - 1;
      List<String> ages =
          Stream.concat(
                  Stream.of("embedding"),
                  IntStream.range(0, writes).mapToObj(age -> age == 0 ? "newest" : age + " back"))
              .toList();
      Heatmap.Builder map =
          Heatmap.named(
                  file(task + "_inside_routing_" + name),
                  Legend.sequential("share of the weight", 0, 1))
              .title("%s, %s: what each reader weighs".formatted(task, name))
              .rows("reader")
              .columns("writes back", ages)
              .note(
                  "Weights with which writes arrive, ‖w'‖ / ‖w‖, as shares of a reader's sum, in %; means over positions, texts and seeds. On the plain stream all writes before a reader weigh alike.");
      for (int reader = 0; reader < readings.size(); reader++) {
        map.row(readings.get(reader).reader(), row(insides, reader, writes));
      }
      return Optional.of(new Report.HeatmapSection(map.build()));
    }

    private static List<Heatmap.Cell> row(List<Inside> insides, int reader, int writes) {
      int before = insides.getFirst().readings().get(reader).weights().size() - 1;
      List<Heatmap.Cell> row = new ArrayList<>();
      row.add(cell(insides, reader, before));
      for (int age = 0; age < writes; age++) {
        row.add(age < before ? cell(insides, reader, age) : new Heatmap.Cell(Double.NaN, ""));
      }
      return row;
    }

    private static Heatmap.Cell cell(List<Inside> insides, int reader, int age) {
      double share =
          insides.stream()
              .mapToDouble(inside -> inside.readings().get(reader).profile(age))
              .average()
              .orElseThrow();
      return new Heatmap.Cell(share, NumberText.fixed(100 * share, 0));
    }
  }
}
