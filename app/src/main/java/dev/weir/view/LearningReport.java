package dev.weir.view;

import dev.weir.train.Lesson;
import dev.weir.train.Trial;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// Which small models learned what: a row for each model, and one for each trial.
public final class LearningReport {

  private LearningReport() {}

  /// A trial and what came of it.
  ///
  /// @param trial the trial
  /// @param outcome what came of it; empty if it was not made
  public record Row(Trial trial, Optional<Trial.Outcome> outcome) {

    private String verdict() {
      return outcome.map(this::verdict).orElse("not run");
    }

    private String verdict(Trial.Outcome made) {
      if (made.reached()) {
        return "learned";
      }
      if (made.steps() == 0 && !made.trouble().isEmpty()) {
        return "refused";
      }
      return trial.lesson().beyond(trial.model()).isPresent() ? "beyond it" : "missed";
    }

    private String reason() {
      Optional<String> trouble = outcome.map(Trial.Outcome::trouble).filter(t -> !t.isEmpty());
      return trouble.or(() -> trial.lesson().beyond(trial.model())).orElse("");
    }

    private Optional<Trial.Outcome> measured() {
      return outcome.filter(made -> made.steps() > 0);
    }
  }

  /// The report.
  ///
  /// @param rows all trials, those of one model together
  public static Report of(List<Row> rows) {
    return new Report(
        "What each pathway learns",
        "%d models, %d trials".formatted(byLearner(rows).size(), rows.size()),
        List.of(new Report.TableSection(models(rows)), new Report.TableSection(trials(rows))),
        notes(rows));
  }

  /// A row for each model.
  ///
  /// @param rows all trials, those of one model together
  public static Table models(List<Row> rows) {
    List<Lesson> lessons = lessons(rows);
    Table.Builder table =
        Table.named("models")
            .title("What each pathway learns")
            .text("model", "its pathway or local mixer")
            .text("outcome", "which bars it reached");
    for (Lesson lesson : lessons) {
      columns(table, lesson);
    }
    table
        .integer("parameters", "", "of the model of the last lesson")
        .real("time", "s", "processor time of all its lessons");
    byLearner(rows)
        .forEach((learner, own) -> {
          List<Object> cells = new ArrayList<>(List.of(learner, verdict(own)));
          lessons.forEach(lesson -> cells.addAll(cells(lesson, own)));
          cells.add(
              own.getLast()
                  .measured()
                  .<Cell>map(o -> Cell.of(o.parameters()))
                  .orElse(Cell.missing()));
          cells.add(seconds(own));
          table.row(cells.toArray());
        });
    bars(lessons).forEach(table::note);
    return table.build();
  }

  private static void columns(Table.Builder table, Lesson lesson) {
    String name = lesson.name();
    switch (lesson.bar()) {
      case Lesson.Bar.Excess _ ->
          table.real(name, "nats", "loss beyond the best possible on the same examples");
      case Lesson.Bar.Right _ -> table.real(name, "%", "how often its first choice is right");
      case Lesson.Bar.Drop _ ->
          table
              .real("start", "nats", "loss on the text before the first step")
              .real("end", "nats", "loss after the last step");
    }
  }

  private static List<Cell> cells(Lesson lesson, List<Row> own) {
    Optional<Trial.Outcome> made =
        own.stream()
            .filter(row -> row.trial().lesson().name().equals(lesson.name()))
            .findFirst()
            .flatMap(Row::measured);
    return switch (lesson.bar()) {
      case Lesson.Bar.Excess _ -> List.of(real(made.map(Trial.Outcome::measure)));
      case Lesson.Bar.Right _ -> List.of(real(made.map(o -> 100 * o.measure())));
      case Lesson.Bar.Drop _ ->
          List.of(real(made.map(o -> o.start().loss())), real(made.map(o -> o.end().loss())));
    };
  }

  private static Cell real(Optional<Double> value) {
    return value.<Cell>map(Cell.Real::new).orElse(Cell.missing());
  }

  private static Cell seconds(List<Row> own) {
    double sum =
        own.stream()
            .flatMap(row -> row.outcome().stream())
            .mapToDouble(Trial.Outcome::seconds)
            .sum();
    return sum == 0 ? Cell.missing() : new Cell.Real(sum);
  }

  private static String verdict(List<Row> own) {
    Map<String, List<String>> lessonsByVerdict = new LinkedHashMap<>();
    own.forEach(row ->
        lessonsByVerdict
            .computeIfAbsent(row.verdict(), _ -> new ArrayList<>())
            .add(row.trial().lesson().name()));
    if (lessonsByVerdict.size() == 1) {
      String only = lessonsByVerdict.keySet().iterator().next();
      return only.equals("learned") ? "learned all" : only + " all";
    }
    lessonsByVerdict.remove("learned");
    return String.join(
        "; ",
        lessonsByVerdict.entrySet().stream()
            .map(entry -> entry.getKey() + " " + String.join(", ", entry.getValue()))
            .toList());
  }

  /// A row for each trial.
  ///
  /// @param rows all trials
  public static Table trials(List<Row> rows) {
    Table.Builder table =
        Table.named("trials")
            .title("Each trial")
            .text("model", "its pathway or local mixer")
            .text("lesson", "what it was to learn")
            .text("outcome", "learned, missed, refused, beyond it by theory, or not run")
            .real("start", "nats", "loss before the first step")
            .real("end", "nats", "loss after the last step")
            .real("right", "%", "how often its first choice is right at the end")
            .integer("steps", "", "when the bar was reached, or the schedule ended")
            .integer("parameters", "", "how many numbers the model has")
            .real("time", "s", "processor time")
            .text("reason", "why it could not be done, or need not");
    for (Row row : rows) {
      Optional<Trial.Outcome> made = row.measured();
      table.row(
          row.trial().learner(),
          row.trial().lesson().name(),
          row.verdict(),
          real(made.map(o -> o.start().loss())),
          real(made.map(o -> o.end().loss())),
          real(made.map(o -> 100 * o.end().accuracy())),
          made.<Cell>map(o -> Cell.of(o.steps())).orElse(Cell.missing()),
          made.<Cell>map(o -> Cell.of(o.parameters())).orElse(Cell.missing()),
          real(made.map(Trial.Outcome::seconds)),
          row.reason());
    }
    return table.build();
  }

  // ---------------------------------------------------------------- words

  private static List<String> notes(List<Row> rows) {
    List<String> notes = new ArrayList<>();
    for (Lesson lesson : lessons(rows)) {
      notes.add(
          "%s: %s; %d layers, d_model %d, %d heads; batch %d × %d; %s; data %s"
              .formatted(
                  lesson.name(),
                  bar(lesson),
                  lesson.model().nLayers(),
                  lesson.model().dModel(),
                  lesson.model().nHeads(),
                  lesson.training().batching().batch(),
                  lesson.training().batching().window(),
                  lesson.training().schedule(),
                  lesson.digest()));
    }
    return notes;
  }

  private static List<String> bars(List<Lesson> lessons) {
    return lessons.stream()
        .map(lesson ->
            "%s: %s; at most %,d steps"
                .formatted(lesson.name(), bar(lesson), lesson.training().schedule().steps()))
        .toList();
  }

  private static String bar(Lesson lesson) {
    return switch (lesson.bar()) {
      case Lesson.Bar.Excess(double optimum, double most) ->
          String.format(
              Locale.ROOT,
              "loss beyond the Bayes optimum, %2$.5f on these examples; learned from %1$s down",
              most,
              optimum);
      case Lesson.Bar.Right(double least) ->
          String.format(Locale.ROOT, "how often right; learned above %.0f %%", 100 * least);
      case Lesson.Bar.Drop(double least) ->
          String.format(
              Locale.ROOT, "loss at the start and the end; learned from %s below the start", least);
    };
  }

  private static List<Lesson> lessons(List<Row> rows) {
    Map<String, Lesson> lessons = new LinkedHashMap<>();
    rows.forEach(row -> lessons.put(row.trial().lesson().name(), row.trial().lesson()));
    return List.copyOf(lessons.values());
  }

  private static Map<String, List<Row>> byLearner(List<Row> rows) {
    Map<String, List<Row>> learners = new LinkedHashMap<>();
    rows.forEach(
        row -> learners.computeIfAbsent(row.trial().learner(), _ -> new ArrayList<>()).add(row));
    return learners;
  }
}
