package dev.weir.view;

import dev.weir.readout.depth.ContributionGraph;
import dev.weir.readout.depth.ContributionGraph.Edge;
import dev.weir.readout.depth.ContributionGraph.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// A contribution graph as a list of its edges and as a picture: tokens to the right, depth
/// upwards.
///
/// @param model what to call the model
/// @param tokens the text's tokens as a reader sees them
/// @param graph the graph
/// @param threshold the least share that was followed
/// @param notes what a reader needs to know of the run
public record GraphReport(
    String model,
    List<String> tokens,
    ContributionGraph graph,
    double threshold,
    List<String> notes) {

  public GraphReport {
    tokens = List.copyOf(tokens);
    notes = List.copyOf(notes);
  }

  /// All of it.
  public Report report() {
    List<Report.Section> sections = new ArrayList<>();
    sections.add(new Report.TableSection(edges()));
    if (!graph.edges().isEmpty()) {
      sections.add(new Report.LineSection(picture()));
    }
    return new Report(
        "How %s came to its answer".formatted(model),
        "after %s (position %d)"
            .formatted(
                TokenText.visible(tokens.get(graph.end().position())), graph.end().position()),
        sections,
        notes);
  }

  private Table edges() {
    Table.Builder table =
        Table.named("edges")
            .title("What the answer came through, the largest flow first")
            .text("to", "place of the stream that a part arrived at")
            .integer("to position", "", "of its token")
            .token("to token", "its token")
            .text("through", "stream, head or MLP")
            .text("from", "place that the part was read at")
            .integer("from position", "", "of its token")
            .token("from token", "its token")
            .real("share", "", "of the kept parts of where it arrived")
            .real("flow", "", "share times the flow of where it arrived");
    graph.edges().stream()
        .sorted(Comparator.comparingDouble(edge -> -edge.flow()))
        .filter(edge -> edge.kind() != Kind.STREAM)
        .forEach(edge ->
            table.row(
                edge.to().label(),
                edge.to().position(),
                tokens.get(edge.to().position()),
                edge.through(),
                edge.from().label(),
                edge.from().position(),
                tokens.get(edge.from().position()),
                edge.share(),
                edge.flow()));
    return table
        .note(
            String.format(
                Locale.ROOT,
                "Parts with a share below %s are left out, and what simply stays in the stream is drawn but not listed; raw coordinates.",
                NumberText.trimmed(threshold)))
        .build();
  }

  private LineChart picture() {
    List<LineChart.Series> lines = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      List<Point> points = new ArrayList<>();
      graph.edges().stream()
          .filter(edge -> edge.kind() == kind)
          .forEach(edge -> draw(edge, points));
      if (!points.isEmpty()) {
        lines.add(new LineChart.Series(kind.name().toLowerCase(Locale.ROOT), points));
      }
    }
    return new LineChart(
        "graph",
        "What the answer came through",
        "position in the text",
        "place along depth",
        lines,
        List.of("An MLP's edge leaves its token to the right and comes back."));
  }

  /// An edge, and a gap behind it. What an MLP does is drawn beside the stream.
  private static void draw(Edge edge, List<Point> points) {
    points.add(new Point(edge.from().position(), edge.from().place()));
    if (edge.kind() == Kind.MLP) {
      points.add(
          new Point(edge.from().position() + 0.3, (edge.from().place() + edge.to().place()) / 2.0));
    }
    points.add(new Point(edge.to().position(), edge.to().place()));
    points.add(new Point(Double.NaN, Double.NaN));
  }
}
