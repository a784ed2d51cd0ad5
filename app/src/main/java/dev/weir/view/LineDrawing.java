package dev.weir.view;

import dev.weir.view.Mark.Anchor;
import dev.weir.view.Mark.Dot;
import dev.weir.view.Mark.Face;
import dev.weir.view.Mark.Family;
import dev.weir.view.Mark.Label;
import dev.weir.view.Mark.Line;
import dev.weir.view.Mark.Turn;
import dev.weir.view.Mark.Weight;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/// Lays a [LineChart] out: light rules, no frame, the name of each line at its end.
final class LineDrawing {
  private static final Face FACE = new Face(Family.SANS, 12, Weight.REGULAR);
  private static final double PLOT_WIDTH = 600;
  private static final double PLOT_HEIGHT = 280;
  private static final double TOP = 30;
  private static final double NAME_HEIGHT = 15;
  private static final int MOST_DOTS = 40;
  private static final int MOST_BARS = 6;
  private static final double BAND = 0.16;
  private static final int MOST_POINTS = 1200;

  private final LineChart chart;
  private final List<Mark> marks = new ArrayList<>();
  private final Ticks x;
  private final Ticks y;
  private final double left;
  private final double height;

  private LineDrawing(LineChart chart) {
    this.chart = chart;
    this.x = xTicks();
    this.y = Ticks.around(heights().min().orElse(0), heights().max().orElse(1), 5);
    double widest = y.places().stream().mapToDouble(v -> FACE.width(y.label(v))).max().orElse(0);
    this.left = widest + 12;
    this.height = Math.max(PLOT_HEIGHT, chart.series().size() * NAME_HEIGHT);
  }

  static Drawing of(LineChart chart) {
    return new LineDrawing(chart).draw();
  }

  private Drawing draw() {
    drawRules();
    double[] names = nameHeights();
    for (int i = 0; i < chart.series().size(); i++) {
      LineChart.Series series = chart.series().get(i);
      List<Mark> strokes = new ArrayList<>();
      drawSpreads(series, Ink.series(i), strokes);
      drawSeries(series, i, strokes);
      strokes.add(
          label(left + PLOT_WIDTH + 10, names[i] + 4, series.name(), Anchor.START, Ink.series(i)));
      marks.add(new Mark.Group(series.name(), Ink.series(i), strokes));
    }
    double widest =
        chart.series().stream().mapToDouble(line -> FACE.width(line.name())).max().orElse(0);
    return new Drawing(left + PLOT_WIDTH + 14 + widest + 4, TOP + height + 46, marks);
  }

  private void drawRules() {
    add(0, 12, chart.yLabel(), Anchor.START, Ink.MUTED);
    for (double value : y.places()) {
      double at = pixelY(value);
      Ink ink = value == 0 ? Ink.AXIS : Ink.GRID;
      marks.add(Line.straight(left, at, left + PLOT_WIDTH, at, ink, 1));
      add(left - 8, at + 4, y.label(value), Anchor.END, Ink.MUTED);
    }
    double bottom = TOP + height;
    for (double value : x.places()) {
      double at = pixelX(value);
      marks.add(Line.straight(at, bottom, at, bottom + 4, Ink.AXIS, 1));
      add(at, bottom + 18, x.label(value), Anchor.MIDDLE, Ink.MUTED);
    }
    add(left + PLOT_WIDTH / 2, bottom + 38, chart.xLabel(), Anchor.MIDDLE, Ink.MUTED);
  }

  /// A band, or a bar at each point where the points are few.
  private void drawSpreads(LineChart.Series series, Ink ink, List<Mark> strokes) {
    List<Point> upper = new ArrayList<>();
    List<Point> lower = new ArrayList<>();
    for (int i = 0; i < series.spreads().size(); i++) {
      LineChart.Spread spread = series.spreads().get(i);
      double at = pixelX(series.points().get(i).x());
      if (spread.isKnown()) {
        upper.add(new Point(at, pixelY(spread.high())));
        lower.addFirst(new Point(at, pixelY(spread.low())));
      }
    }
    if (series.points().size() <= MOST_BARS) {
      upper.forEach(top -> drawBar(top, lower.removeLast(), ink, strokes));
    } else if (upper.size() > 1) {
      upper.addAll(lower);
      strokes.add(new Mark.Area(upper, ink, BAND));
    }
  }

  private static void drawBar(Point top, Point bottom, Ink ink, List<Mark> strokes) {
    strokes.add(Line.straight(top.x(), top.y(), bottom.x(), bottom.y(), ink, 1));
    for (Point end : List.of(top, bottom)) {
      strokes.add(Line.straight(end.x() - 4, end.y(), end.x() + 4, end.y(), ink, 1));
    }
  }

  private void drawSeries(LineChart.Series series, int index, List<Mark> strokes) {
    Ink ink = Ink.series(index);
    int dash = Ink.round(index) * 4;
    boolean hasDots = series.points().size() <= MOST_DOTS;
    List<Point> run = new ArrayList<>();
    for (Point point : thinned(series.points())) {
      if (!isFinite(point)) {
        drawRun(run, ink, dash, strokes);
        run.clear();
        continue;
      }
      run.add(new Point(pixelX(point.x()), pixelY(point.y())));
      if (hasDots) {
        strokes.add(new Dot(pixelX(point.x()), pixelY(point.y()), 2.6, ink, hover(series, point)));
      }
    }
    drawRun(run, ink, dash, strokes);
  }

  private String hover(LineChart.Series series, Point point) {
    String text =
        "%s\n%s %s\n%s %s"
            .formatted(
                series.name(),
                chart.xLabel(),
                NumberText.brief(point.x()),
                chart.yLabel(),
                NumberText.brief(point.y()));
    if (series.spreads().isEmpty()) {
      return text;
    }
    LineChart.Spread spread = series.spreads().get(series.points().indexOf(point));
    return spread.isKnown()
        ? "%s (%s to %s)"
            .formatted(text, NumberText.brief(spread.low()), NumberText.brief(spread.high()))
        : text;
  }

  private static void drawRun(List<Point> run, Ink ink, int dash, List<Mark> strokes) {
    if (run.size() > 1) {
      strokes.add(new Line(run, ink, run.size() > 300 ? 1.1 : 1.8, dash));
    }
  }

  /// Where the name of each line stands: at its end, moved apart where they would touch.
  private double[] nameHeights() {
    record Name(int index, double wanted) {}
    List<Name> names = new ArrayList<>();
    for (int i = 0; i < chart.series().size(); i++) {
      names.add(new Name(i, endOf(chart.series().get(i))));
    }
    names.sort(Comparator.comparingDouble(Name::wanted));
    double[] places = apart(names.stream().mapToDouble(Name::wanted).toArray());
    double[] heights = new double[places.length];
    for (int n = 0; n < places.length; n++) {
      heights[names.get(n).index()] = places[n];
    }
    return heights;
  }

  private double[] apart(double[] wanted) {
    double[] places = wanted.clone();
    for (int i = 1; i < places.length; i++) {
      places[i] = Math.max(places[i], places[i - 1] + NAME_HEIGHT);
    }
    double limit = TOP + height;
    for (int i = places.length - 1; i >= 0; i--) {
      places[i] = Math.min(places[i], limit);
      limit = places[i] - NAME_HEIGHT;
    }
    return places;
  }

  private double endOf(LineChart.Series series) {
    return series.points().reversed().stream()
        .filter(LineDrawing::isFinite)
        .findFirst()
        .map(point -> pixelY(point.y()))
        .orElse(TOP + height / 2);
  }

  /// A long line keeps the least and the greatest point of each stretch, so that no peak is lost.
  private static List<Point> thinned(List<Point> points) {
    if (points.size() <= MOST_POINTS) {
      return points;
    }
    List<Point> kept = new ArrayList<>();
    int stretches = MOST_POINTS / 2;
    for (int s = 0; s < stretches; s++) {
      int from = (int) ((long) points.size() * s / stretches);
      int to = (int) ((long) points.size() * (s + 1) / stretches);
      List<Point> stretch = points.subList(from, to);
      var byHeight = Comparator.comparingDouble(Point::y);
      Point least = stretch.stream().min(byHeight).orElseThrow();
      Point greatest = stretch.stream().max(byHeight).orElseThrow();
      kept.add(least.x() <= greatest.x() ? least : greatest);
      kept.add(least.x() <= greatest.x() ? greatest : least);
    }
    return kept;
  }

  private Ticks xTicks() {
    double least = least(Point::x);
    double greatest = greatest(Point::x);
    boolean isWhole = points(Point::x).allMatch(value -> value == Math.rint(value));
    return isWhole ? Ticks.aroundWhole(least, greatest, 8) : Ticks.around(least, greatest, 6);
  }

  private double least(ToDoubleFunction<Point> side) {
    return points(side).min().orElse(0);
  }

  private double greatest(ToDoubleFunction<Point> side) {
    return points(side).max().orElse(1);
  }

  private DoubleStream points(ToDoubleFunction<Point> side) {
    return chart.series().stream()
        .flatMap(line -> line.points().stream())
        .filter(LineDrawing::isFinite)
        .mapToDouble(side);
  }

  private DoubleStream heights() {
    return DoubleStream.concat(
        points(Point::y),
        chart.series().stream()
            .flatMap(line -> line.spreads().stream())
            .filter(LineChart.Spread::isKnown)
            .flatMapToDouble(spread -> DoubleStream.of(spread.low(), spread.high())));
  }

  private double pixelX(double value) {
    return left + PLOT_WIDTH * x.share(value);
  }

  private double pixelY(double value) {
    return TOP + height * (1 - y.share(value));
  }

  private void add(double x, double y, String text, Anchor anchor, Paint fill) {
    marks.add(label(x, y, text, anchor, fill));
  }

  private static Label label(double x, double y, String text, Anchor anchor, Paint fill) {
    return new Label(x, y, text, FACE, anchor, Turn.LEVEL, fill);
  }

  private static boolean isFinite(Point point) {
    return Double.isFinite(point.x()) && Double.isFinite(point.y());
  }
}
