package dev.weir.view;

import dev.weir.readout.probe.ProbeSweep;
import dev.weir.stream.HookPoint;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/// How well a probe reads a label at each place, as a table and lines over layers.
public final class ProbeReport {
  private ProbeReport() {}

  /// Lays it out.
  ///
  /// @param sweep what was found
  /// @param model what to call the model
  /// @param notes what a reader needs to know of the run
  public static Report of(ProbeSweep sweep, String model, List<String> notes) {
    List<Report.Section> sections = new ArrayList<>();
    sections.add(new Report.TableSection(table(sweep)));
    sections.add(new Report.LineSection(lines(sweep)));
    return new Report(
        "What a %s probe reads in %s".formatted(sweep.options().kind().word(), model),
        summary(sweep),
        sections,
        notes);
  }

  private static String summary(ProbeSweep sweep) {
    String labels =
        sweep.numbers()
            ? "labels are numbers"
            : "%d classes: %s"
                .formatted(sweep.outputs().size(), String.join(", ", sweep.outputs()));
    return "%s; %,d texts fitted to, %,d held out (seed %d)"
        .formatted(labels, sweep.training(), sweep.heldOut(), sweep.options().seed());
  }

  private static String measure(ProbeSweep sweep) {
    return sweep.numbers() ? "R2" : "accuracy";
  }

  private static Table table(ProbeSweep sweep) {
    Table.Builder table =
        Table.named("probe")
            .title(
                "Probes of %s on the texts held out, with 95 %% confidence intervals"
                    .formatted(where(sweep)))
            .integer("layer", "", "the block")
            .integer("position", "", "position in the text; negative counts from the end")
            .real(measure(sweep), "", "how well the probe reads the label")
            .real("low", "", "lower end of its interval")
            .real("high", "", "upper end of its interval")
            .real("control", "", "the same for labels drawn at random for each type of token")
            .real("selectivity", "", "how much better than the control")
            .integer("types", "", "how many types of token stand there");
    boolean erased = sweep.options().erase();
    if (erased) {
      table
          .real("erased", "", "the same after LEACE")
          .real("erased high", "", "upper end of its interval");
    }
    for (ProbeSweep.Result result : sweep.results()) {
      List<Object> row = new ArrayList<>();
      row.add(layer(result));
      row.add(result.place().position());
      row.add(result.score().mean());
      row.add(result.score().low());
      row.add(result.score().high());
      row.add(result.control().mean());
      row.add(result.selectivity());
      row.add(result.types());
      result.erased().ifPresent(e -> row.addAll(List.of((Object) e.mean(), e.high())));
      table.row(row.toArray());
    }
    notes(sweep).forEach(table::note);
    return table.build();
  }

  private static List<String> notes(ProbeSweep sweep) {
    List<String> notes = new ArrayList<>();
    notes.add(
        sweep.numbers()
            ? "R2 of always saying the mean is 0; the interval is a bootstrap over texts."
            : "Always saying the most frequent class is right in %.1f %%; the interval is Wilson's."
                .formatted(100 * sweep.chance()));
    notes.add(
        "The values are the stream's own, without a norm, in raw coordinates; features are standardised"
            + " for the fit%s."
                .formatted(
                    switch (sweep.options().kind()) {
                      case MEAN -> " of other probes, but not for this one";
                      case RIDGE, LOGISTIC, LDA -> ", penalty " + sweep.options().penalty();
                    }));
    if (sweep.results().stream().anyMatch(r -> r.types() < 10 * sweep.outputs().size())) {
      notes.add(
          "Few types of token stand there, so that the control can be learnt by heart or is constant: selectivity says little.");
    }
    return notes;
  }

  private static LineChart lines(ProbeSweep sweep) {
    List<LineChart.Series> series = new ArrayList<>();
    List<Integer> positions =
        sweep.results().stream().map(result -> result.place().position()).distinct().toList();
    for (int position : positions) {
      String at = positions.size() == 1 ? "" : " at " + position;
      series.add(line(measure(sweep) + at, sweep, position, r -> r.score().mean()));
      series.add(line("control" + at, sweep, position, r -> r.control().mean()));
      if (sweep.options().erase()) {
        series.add(line("erased" + at, sweep, position, r -> r.erased().orElseThrow().mean()));
      }
    }
    return new LineChart(
        "probe_by_layer", "By layer", "layer", measure(sweep), series, List.of(summary(sweep)));
  }

  private static LineChart.Series line(
      String name, ProbeSweep sweep, int position, ToDoubleFunction<ProbeSweep.Result> height) {
    return new LineChart.Series(
        name,
        sweep.results().stream()
            .filter(result -> result.place().position() == position)
            .map(result -> new Point(layer(result), height.applyAsDouble(result)))
            .toList());
  }

  /// The place within the block, which is the same in all.
  private static String where(ProbeSweep sweep) {
    return sweep.results().getFirst().place().point() instanceof HookPoint.InBlock place
        ? place.local()
        : "the stream";
  }

  private static int layer(ProbeSweep.Result result) {
    return result.place().point() instanceof HookPoint.InBlock place ? place.layer() : 0;
  }
}
