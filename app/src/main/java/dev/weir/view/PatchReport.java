package dev.weir.view;

import dev.weir.readout.Estimate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What interventions found, place by place, as a report: a grid where places have rows and
/// columns, a list where they have not.
///
/// @param title one line
/// @param subtitle what was run
/// @param measure what the numbers are, with their unit
/// @param entries what was found, in order
/// @param columnAxis what the columns of the grid are; empty for a list
/// @param notes sentences that hold for all of it
public record PatchReport(
    String title,
    String subtitle,
    String measure,
    List<Entry> entries,
    String columnAxis,
    List<String> notes) {
  private static final int STRONGEST = 10;

  /// One number with its place.
  ///
  /// @param row of the grid: `L3` or `L3H2`; a name in a list
  /// @param column of the grid: a position with its token, or a head; the reader in a list of edges
  /// @param value how far the answer follows
  public record Entry(String row, String column, Estimate value) {}

  public PatchReport {
    entries = List.copyOf(entries);
    notes = List.copyOf(notes);
  }

  /// For a file: the whole grid as a picture, and every number with its interval.
  public Report full() {
    List<Report.Section> sections = new ArrayList<>();
    if (isGrid()) {
      sections.add(new Report.HeatmapSection(heatmap()));
    }
    sections.add(new Report.TableSection(list("scores", "Every place", entries)));
    return new Report(title, subtitle, sections, notes);
  }

  /// For a terminal: the grid in figures, and the strongest places with their intervals.
  public Report brief() {
    List<Report.Section> sections = new ArrayList<>();
    if (isGrid()) {
      sections.add(new Report.TableSection(grid()));
    }
    List<Entry> strongest =
        entries.stream()
            .sorted(Comparator.comparingDouble((Entry e) -> Math.abs(e.value.mean())).reversed())
            .limit(STRONGEST)
            .toList();
    sections.add(new Report.TableSection(list("strongest", "The strongest", strongest)));
    return new Report(title, subtitle, sections, notes);
  }

  private boolean isGrid() {
    return !columnAxis.isEmpty();
  }

  /// Row by row, column by column.
  private Map<String, Map<String, Double>> cells() {
    Map<String, Map<String, Double>> rows = new LinkedHashMap<>();
    entries.forEach(entry ->
        rows.computeIfAbsent(entry.row, _ -> new LinkedHashMap<>())
            .put(entry.column, entry.value.mean()));
    return rows;
  }

  private List<String> columns() {
    return entries.stream().map(Entry::column).distinct().toList();
  }

  private Table grid() {
    Table.Builder table = Table.named("grid").title(measure).text("place", "where");
    columns().forEach(column -> table.text(column, columnAxis));
    cells()
        .forEach((row, values) -> {
          List<Object> cells = new ArrayList<>(List.of(row));
          columns().forEach(column -> cells.add(figure(values.getOrDefault(column, Double.NaN))));
          table.row(cells.toArray());
        });
    return table.build();
  }

  private static String figure(double value) {
    // Adding 0 turns a rounded -0 into 0.
    return Double.isNaN(value)
        ? ""
        : String.format(Locale.ROOT, "%.2f", Math.round(value * 100) / 100.0 + 0.0);
  }

  private Heatmap heatmap() {
    double reach = entries.stream().mapToDouble(e -> Math.abs(e.value.mean())).max().orElse(0);
    Heatmap.Builder map =
        Heatmap.named("grid", Legend.diverging(measure, reach > 0 ? reach : 1))
            .title(title)
            .rows("place")
            .columns(columnAxis, columns());
    cells()
        .forEach((row, values) ->
            map.row(
                row,
                columns().stream()
                    .map(column -> {
                      double value = values.getOrDefault(column, Double.NaN);
                      return new Heatmap.Cell(value, figure(value));
                    })
                    .toList()));
    return map.build();
  }

  private Table list(String name, String heading, List<Entry> rows) {
    Table.Builder table =
        Table.named(name)
            .title("%s: %s".formatted(heading, measure))
            .text("place", "where")
            .text("column", columnAxis.isEmpty() ? "reader, if any" : columnAxis)
            .real("score", "", measure)
            .real("low", "", "lower end of the 95 % interval")
            .real("high", "", "upper end of the 95 % interval")
            .integer("n", "", "how many values the mean is over");
    rows.forEach(entry ->
        table.row(
            entry.row,
            entry.column,
            entry.value.mean(),
            end(entry.value.low()),
            end(entry.value.high()),
            entry.value.count()));
    return table.build();
  }

  private static Object end(double value) {
    return Double.isNaN(value) ? Cell.missing() : value;
  }
}
