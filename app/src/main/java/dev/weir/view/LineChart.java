package dev.weir.view;

import java.util.List;

/// Lines over a common axis: a loss curve, a norm for each layer.
///
/// @param name short, for file names and programs
/// @param title one line for a reader
/// @param xLabel what runs to the right, with its unit
/// @param yLabel what runs upwards, with its unit
/// @param series the lines; a point that is not finite leaves a gap
/// @param notes sentences a reader needs
public record LineChart(
    String name,
    String title,
    String xLabel,
    String yLabel,
    List<Series> series,
    List<String> notes)
    implements Figure {

  /// One line.
  ///
  /// @param name what it stands for
  /// @param points from left to right
  public record Series(String name, List<Point> points) {
    public Series {
      points = List.copyOf(points);
    }

    /// A line through y at x = 0, 1, 2 …
    ///
    /// @param name what it stands for
    /// @param y the heights
    public static Series of(String name, double... y) {
      return new Series(
          name,
          java.util.stream.IntStream.range(0, y.length).mapToObj(i -> new Point(i, y[i])).toList());
    }
  }

  public LineChart {
    series = List.copyOf(series);
    notes = List.copyOf(notes);
    if (series.isEmpty()) {
      throw ViewException.badFigure(name, List.of("it has no lines"));
    }
  }

  @Override
  public Table table() {
    Table.Builder table =
        Table.named(name)
            .title(title)
            .text("series", "which line")
            .real("x", "", xLabel)
            .real("y", "", yLabel);
    for (Series line : series) {
      line.points().forEach(point -> table.row(line.name(), point.x(), point.y()));
    }
    notes.forEach(table::note);
    return table.build();
  }
}
