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
    this.y = Ticks.around(least(Point::y), greatest(Point::y), 5);
    double widest = y.places().stream().mapToDouble(v -> FACE.width(y.label(v))).max().orElse(0);
    this.left = widest + 12;
    this.height = Math.max(PLOT_HEIGHT, chart.series().size() * NAME_HEIGHT);
  }

  static Drawing of(LineChart chart) {
    return new LineDrawing(chart).draw();
  }

  private Drawing draw() {
    drawRules();
    for (int i = 0; i < chart.series().size(); i++) {
      drawSeries(chart.series().get(i), i);
    }
    drawNames();
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

  private void drawSeries(LineChart.Series series, int index) {
    Ink ink = Ink.series(index);
    int dash = Ink.round(index) * 4;
    boolean hasDots = series.points().size() <= MOST_DOTS;
    List<Point> run = new ArrayList<>();
    for (Point point : thinned(series.points())) {
      if (!isFinite(point)) {
        drawRun(run, ink, dash);
        run.clear();
        continue;
      }
      run.add(new Point(pixelX(point.x()), pixelY(point.y())));
      if (hasDots) {
        String hover =
            "%s\n%s %s\n%s %s"
                .formatted(
                    series.name(),
                    chart.xLabel(),
                    NumberText.brief(point.x()),
                    chart.yLabel(),
                    NumberText.brief(point.y()));
        marks.add(new Dot(pixelX(point.x()), pixelY(point.y()), 2.6, ink, hover));
      }
    }
    drawRun(run, ink, dash);
  }

  private void drawRun(List<Point> run, Ink ink, int dash) {
    if (run.size() > 1) {
      marks.add(new Line(run, ink, run.size() > 300 ? 1.1 : 1.8, dash));
    }
  }

  /// The names stand at the ends of their lines, moved apart where they would touch.
  private void drawNames() {
    record Name(int index, double wanted) {}
    List<Name> names = new ArrayList<>();
    for (int i = 0; i < chart.series().size(); i++) {
      names.add(new Name(i, endOf(chart.series().get(i))));
    }
    names.sort(Comparator.comparingDouble(Name::wanted));
    double[] places = apart(names.stream().mapToDouble(Name::wanted).toArray());
    for (int n = 0; n < places.length; n++) {
      int index = names.get(n).index();
      String name = chart.series().get(index).name();
      add(left + PLOT_WIDTH + 10, places[n] + 4, name, Anchor.START, Ink.series(index));
    }
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

  private double pixelX(double value) {
    return left + PLOT_WIDTH * x.share(value);
  }

  private double pixelY(double value) {
    return TOP + height * (1 - y.share(value));
  }

  private void add(double x, double y, String text, Anchor anchor, Paint fill) {
    marks.add(new Label(x, y, text, FACE, anchor, Turn.LEVEL, fill));
  }

  private static boolean isFinite(Point point) {
    return Double.isFinite(point.x()) && Double.isFinite(point.y());
  }
}
