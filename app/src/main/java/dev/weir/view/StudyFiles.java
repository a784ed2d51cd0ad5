package dev.weir.view;

import dev.weir.study.Companions;
import dev.weir.study.Comparison;
import dev.weir.study.Contest;
import dev.weir.study.Difference;
import dev.weir.study.Outcome;
import dev.weir.study.StudyResults;
import dev.weir.study.StudyRun;
import dev.weir.train.Mixers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What a study found, as files for other tools, each as JSON lines ([JsonLinesFile]) and as
/// Parquet ([ParquetFile]): `results`, a row for each run that is done; `curves`, a row for each
/// look on the way; `comparisons`, a row for each that is decided, with the baseline first, then of
/// variants beside each other ([Companions]). Losses in nats, accuracies from 0 to 1; what is no
/// number is missing.
public final class StudyFiles {
  private StudyFiles() {}

  /// Writes them, each whole or not at all.
  ///
  /// @param results what is known
  /// @param folder where to; files of these names are replaced
  /// @return the files
  /// @throws ViewException if one cannot be written
  public static List<Path> write(StudyResults results, Path folder) {
    List<Path> written = new ArrayList<>();
    for (Table table : List.of(runs(results), curves(results), comparisons(results))) {
      Path lines = folder.resolve(table.name() + ".jsonl");
      Path parquet = folder.resolve(table.name() + ".parquet");
      JsonLinesFile.write(table, lines);
      ParquetFile.write(table, parquet);
      written.addAll(List.of(lines, parquet));
    }
    return List.copyOf(written);
  }

  // ---------------------------------------------------------------- runs

  private static Table runs(StudyResults results) {
    Table.Builder table =
        named(Table.named("results"))
            .text("pathway", "its residual pathway")
            .text("mixers", "what mixes positions beside attention")
            .text("budgets", "which comparisons ask for the run")
            .integer("steps", "", "how many")
            .integer("tokens", "", "how many were predicted")
            .real("flops", "", "floating-point operations, counted by formula")
            .real("seconds", "s", "its steps, looks left out")
            .integer("parameters", "", "how many weights")
            .real("loss", "nats", "at the end, on what was not trained on")
            .real("accuracy", "", "at the end, how often the first choice is right")
            .text("trouble", "why it could not be done; missing if nothing was");
    Map<String, Set<String>> budgets = budgets(results);
    for (StudyRun run : results.plan().runs()) {
      results
          .outcome(run)
          .ifPresent(
              outcome -> table.row(cells(run, outcome, String.join(",", budgets.get(run.id())))));
    }
    return table.build();
  }

  private static Object[] cells(StudyRun run, Outcome outcome, String budgets) {
    boolean failed = !outcome.trouble().isEmpty();
    return new Object[] {
      outcome.run(),
      outcome.variant(),
      outcome.task(),
      outcome.seed(),
      outcome.rate(),
      run.variant().pathway(),
      words(run.variant().mixers()),
      budgets,
      failed ? Cell.missing() : outcome.steps(),
      failed ? Cell.missing() : outcome.tokens(),
      failed ? Cell.missing() : outcome.flops(),
      failed ? Cell.missing() : outcome.seconds(),
      failed ? Cell.missing() : outcome.parameters(),
      number(outcome.end().loss()),
      number(outcome.end().accuracy()),
      failed ? outcome.trouble() : Cell.missing()
    };
  }

  /// As study files spell them: `sublayer shortswa:window=16, canon ABCD`; `none` for none.
  private static String words(Mixers mixers) {
    Mixers none = Mixers.none();
    List<String> words = new ArrayList<>();
    if (!mixers.sublayer().equals(none.sublayer())) {
      words.add("sublayer " + mixers.sublayer());
    }
    if (!mixers.branch().equals(none.branch())) {
      words.add("branch " + mixers.branch());
    }
    if (!mixers.canon().isEmpty()) {
      words.add("canon " + mixers.canon());
    }
    if (mixers.values() != none.values()) {
      words.add("values " + mixers.values().name().toLowerCase(Locale.ROOT));
    }
    return words.isEmpty() ? "none" : String.join(", ", words);
  }

  /// The budgets whose comparisons ask for a run, by its id.
  private static Map<String, Set<String>> budgets(StudyResults results) {
    Map<String, Set<String>> budgets = new LinkedHashMap<>();
    for (Contest contest : results.plan().contests()) {
      contest.pairs().stream()
          .flatMap(pair -> Stream.of(pair.mine(), pair.theirs()))
          .forEach(run ->
              budgets
                  .computeIfAbsent(run.id(), _ -> new LinkedHashSet<>())
                  .add(contest.budget().label()));
    }
    return budgets;
  }

  // ---------------------------------------------------------------- curves

  private static Table curves(StudyResults results) {
    Table.Builder table =
        named(Table.named("curves"))
            .integer("tokens", "", "predicted until then")
            .real("flops", "", "spent until then")
            .real("seconds", "s", "trained until then")
            .real("loss", "nats", "on what was not trained on")
            .real("accuracy", "", "how often the first choice is right");
    results.plan().runs().stream()
        .flatMap(run -> results.outcome(run).stream())
        .forEach(outcome -> outcome.curve().forEach(point -> row(table, outcome, point)));
    return table.build();
  }

  private static void row(Table.Builder table, Outcome outcome, Outcome.Point point) {
    table.row(
        outcome.run(),
        outcome.variant(),
        outcome.task(),
        outcome.seed(),
        outcome.rate(),
        point.tokens(),
        point.flops(),
        point.seconds(),
        number(point.look().loss()),
        number(point.look().accuracy()));
  }

  private static Table.Builder named(Table.Builder table) {
    return table
        .text("run", "its folder")
        .text("variant", "who was trained")
        .text("task", "what it learned")
        .integer("seed", "", "where its luck came from")
        .real("rate", "", "what the learning rate was multiplied with");
  }

  // ---------------------------------------------------------------- comparisons

  private static Table comparisons(StudyResults results) {
    Table.Builder table =
        Table.named("comparisons")
            .text("task", "what was learned")
            .text("budget", "what was made equal")
            .text("variant", "who is compared")
            .text("against", "who with")
            .text("result", "wins, loses, no difference found or undecided")
            .integer("pairs", "", "pairs of runs")
            .real("level", "", "coverage of the intervals, corrected")
            .text("runs", "the variant's, seed by seed, at its best learning rate")
            .text("runs_against", "the other's");
    for (String measure : List.of("loss", "accuracy")) {
      table
          .real(measure, measure.equals("loss") ? "nats" : "", "the variant's, mean over seeds")
          .real(measure + "_against", "", "the other's")
          .real(measure + "_difference", "", "variant less other, paired by seed")
          .real(measure + "_error", "", "standard error of the difference")
          .real(measure + "_student_low", "", "lower end by Student's t")
          .real(measure + "_student_high", "", "upper end by Student's t")
          .real(measure + "_bootstrap_low", "", "lower end by the percentile bootstrap")
          .real(measure + "_bootstrap_high", "", "upper end by the percentile bootstrap");
    }
    Stream.of(results.comparisons(), Companions.comparisons(results))
        .flatMap(List::stream)
        .forEach(found -> table.row(cells(found).toArray()));
    return table.build();
  }

  private static List<Object> cells(Comparison found) {
    Contest contest = found.contest();
    List<Object> cells =
        new ArrayList<>(
            List.of(
                contest.task().name(),
                contest.budget().label(),
                contest.variant().name(),
                contest.against().name(),
                found.result().label(),
                found.loss().pairs(),
                found.loss().level(),
                ids(found.mine()),
                ids(found.theirs())));
    cells.addAll(
        cells(
            mean(found.mine(), o -> o.end().loss()),
            mean(found.theirs(), o -> o.end().loss()),
            found.loss()));
    cells.addAll(
        cells(
            mean(found.mine(), o -> o.end().accuracy()),
            mean(found.theirs(), o -> o.end().accuracy()),
            found.accuracy()));
    return cells;
  }

  private static List<Cell> cells(double mine, double theirs, Difference difference) {
    return Stream.of(
            mine,
            theirs,
            difference.mean(),
            difference.error(),
            difference.student().low(),
            difference.student().high(),
            difference.bootstrap().low(),
            difference.bootstrap().high())
        .map(StudyFiles::number)
        .toList();
  }

  private static String ids(List<Outcome> outcomes) {
    return outcomes.stream().map(Outcome::run).collect(Collectors.joining(","));
  }

  private static double mean(List<Outcome> outcomes, ToDoubleFunction<Outcome> measure) {
    return outcomes.stream().mapToDouble(measure).average().orElse(Double.NaN);
  }

  private static Cell number(double value) {
    return Double.isFinite(value) ? new Cell.Real(value) : Cell.missing();
  }
}
