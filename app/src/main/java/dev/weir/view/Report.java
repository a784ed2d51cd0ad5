package dev.weir.view;

import java.util.List;
import java.util.stream.Stream;

/// What a command found, in the order a reader should meet it.
///
/// @param title one line
/// @param subtitle what it was asked of: model, prompt
/// @param sections what was found
/// @param notes sentences that hold for all of it: which coordinates, whether BOS was prepended
public record Report(String title, String subtitle, List<Section> sections, List<String> notes) {

  /// One part of a report.
  public sealed interface Section {}

  /// Begins a part of a long report; the sections up to the next heading belong to it.
  ///
  /// @param title one line
  public record Heading(String title) implements Section {}

  /// Words.
  ///
  /// @param title one line; may be empty
  /// @param paragraphs the words
  public record Text(String title, List<String> paragraphs) implements Section {
    public Text {
      paragraphs = List.copyOf(paragraphs);
    }
  }

  /// A table.
  public record TableSection(Table table) implements Section {}

  /// A heatmap.
  public record HeatmapSection(Heatmap heatmap) implements Section {}

  /// A line chart.
  public record LineSection(LineChart chart) implements Section {}

  /// A bar chart.
  public record BarSection(BarChart chart) implements Section {}

  /// Differences with their intervals.
  public record ForestSection(ForestChart chart) implements Section {}

  public Report {
    sections = List.copyOf(sections);
    notes = List.copyOf(notes);
  }

  /// Where its parts begin, in order.
  List<Heading> headings() {
    return sections.stream()
        .flatMap(section -> section instanceof Heading heading ? Stream.of(heading) : Stream.of())
        .toList();
  }

  /// The pictures, in order.
  public List<Figure> figures() {
    return sections.stream()
        .<Figure>mapMulti((section, figures) -> {
          switch (section) {
            case HeatmapSection(Heatmap heatmap) -> figures.accept(heatmap);
            case LineSection(LineChart chart) -> figures.accept(chart);
            case BarSection(BarChart chart) -> figures.accept(chart);
            case ForestSection(ForestChart chart) -> figures.accept(chart);
            case TableSection(_), Text(_, _), Heading(_) -> {}
          }
        })
        .toList();
  }

  /// The tables, in order; where there is none, the numbers behind the pictures.
  public List<Table> tables() {
    List<Table> tables =
        sections.stream()
            .flatMap(
                section -> section instanceof TableSection(Table t) ? Stream.of(t) : Stream.of())
            .toList();
    return tables.isEmpty() ? figures().stream().map(Figure::table).toList() : tables;
  }
}
