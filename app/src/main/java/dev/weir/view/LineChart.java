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
  private static final Spread NONE = new Spread(Double.NaN, Double.NaN);

  /// One line.
  ///
  /// @param name what it stands for
  /// @param points from left to right
  /// @param spreads how sure each height is, one for each point; empty where nothing is known
  public record Series(String name, List<Point> points, List<Spread> spreads) {
    public Series {
      points = List.copyOf(points);
      spreads = List.copyOf(spreads);
      if (!spreads.isEmpty() && spreads.size() != points.size()) {
        throw ViewException.badFigure(
            name,
            List.of("it has %d points and %d spreads".formatted(points.size(), spreads.size())));
      }
    }

    /// A line of which it is not known how sure it is.
    ///
    /// @param name what it stands for
    /// @param points from left to right
    public Series(String name, List<Point> points) {
      this(name, points, List.of());
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

  /// From a low to a high end around a point: a standard error, an interval.
  ///
  /// @param low the lower end; NaN where there is none
  /// @param high the upper end
  public record Spread(double low, double high) {
    boolean isKnown() {
      return Double.isFinite(low) && Double.isFinite(high);
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
    boolean isSpread = series.stream().anyMatch(line -> !line.spreads().isEmpty());
    if (isSpread) {
      table.real("low", "", "lower end of the band").real("high", "", "upper end of the band");
    }
    for (Series line : series) {
      for (int i = 0; i < line.points().size(); i++) {
        Point point = line.points().get(i);
        if (isSpread) {
          Spread spread = line.spreads().isEmpty() ? NONE : line.spreads().get(i);
          table.row(line.name(), point.x(), point.y(), spread.low(), spread.high());
        } else {
          table.row(line.name(), point.x(), point.y());
        }
      }
    }
    notes.forEach(table::note);
    return table.build();
  }
}
