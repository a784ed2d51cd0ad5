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
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/// Lays a [ForestChart] out: names on the left, intervals about one line at zero in the middle,
/// numbers on the right. What leaves out zero has a colour, the rest is grey.
final class ForestDrawing {
  private static final Face FACE = new Face(Family.SANS, 12, Weight.REGULAR);
  private static final Face BOLD = new Face(Family.SANS, 12, Weight.BOLD);
  private static final double PLOT_WIDTH = 340;
  private static final double MEAN = 58;
  private static final double COUNT = 40;
  private static final double ROW = 21;
  private static final double GAP = 9;
  private static final double TOP = 34;
  private static final double FOOT = 44;

  /// Wide intervals of few seeds would press all else against zero, so the axis ends at so many
  /// times the largest mean or thick interval, and a line that goes on has no end there.
  private static final double REACH = 2.5;

  private final ForestChart chart;
  private final List<Mark> marks = new ArrayList<>();
  private final Ticks ticks;
  private final double left;
  private final double numbers;
  private final int decimals;

  private ForestDrawing(ForestChart chart) {
    this.chart = chart;
    double near = size(row -> DoubleStream.of(row.mean(), row.narrow().low(), row.narrow().high()));
    double far = size(row -> DoubleStream.of(row.wide().low(), row.wide().high()));
    double reach = Math.max(near, near > 0 ? Math.min(far, REACH * near) : far);
    this.ticks = Ticks.around(reach > 0 ? -reach : -1, reach > 0 ? reach : 1, 6);
    double widest =
        Stream.concat(
                rows().map(row -> FACE.width(row.label())),
                chart.groups().stream().map(group -> BOLD.width(group.title()) - 10))
            .mapToDouble(Double::doubleValue)
            .max()
            .orElse(0);
    this.left = widest + 22;
    this.numbers = left + PLOT_WIDTH + 14;
    this.decimals =
        RealFormat.of(rows().mapToDouble(ForestChart.Row::mean).filter(Double::isFinite))
            .decimals();
  }

  static Drawing of(ForestChart chart) {
    return new ForestDrawing(chart).draw();
  }

  private interface Numbers {
    DoubleStream of(ForestChart.Row row);
  }

  private Stream<ForestChart.Row> rows() {
    return chart.groups().stream().flatMap(group -> group.rows().stream());
  }

  private double size(Numbers numbers) {
    return rows()
        .flatMapToDouble(numbers::of)
        .filter(Double::isFinite)
        .map(Math::abs)
        .max()
        .orElse(0);
  }

  private Drawing draw() {
    List<Mark> strokes = new ArrayList<>();
    double y = TOP;
    double widest = 0;
    for (ForestChart.Group group : chart.groups()) {
      strokes.add(label(0, y + 14, group.title(), BOLD, Anchor.START, Ink.TEXT));
      y += ROW;
      for (ForestChart.Row row : group.rows()) {
        draw(row, y + ROW / 2, strokes);
        widest = Math.max(widest, FACE.width(row.verdict()));
        y += ROW;
      }
      y += GAP;
    }
    drawAxis(y);
    marks.addAll(strokes);
    return new Drawing(verdicts() + widest + 4, y + FOOT, marks);
  }

  private void drawAxis(double bottom) {
    boolean isLeft = chart.better() == ForestChart.Better.LEFT;
    double zero = x(0);
    marks.add(label(zero - 8, 14, isLeft ? "← better" : "← worse", FACE, Anchor.END, Ink.MUTED));
    marks.add(label(zero + 8, 14, isLeft ? "worse →" : "better →", FACE, Anchor.START, Ink.MUTED));
    marks.add(label(numbers + MEAN, 14, "difference", FACE, Anchor.END, Ink.MUTED));
    marks.add(label(numbers + MEAN + COUNT, 14, "seeds", FACE, Anchor.END, Ink.MUTED));
    for (double place : ticks.places()) {
      double at = x(place);
      Ink ink = place == 0 ? Ink.AXIS : Ink.GRID;
      marks.add(Line.straight(at, TOP - 12, at, bottom, ink, place == 0 ? 1.5 : 1));
      marks.add(label(at, bottom + 16, ticks.label(place), FACE, Anchor.MIDDLE, Ink.MUTED));
    }
    marks.add(
        label(
            left + PLOT_WIDTH / 2,
            bottom + 36,
            chart.valueLabel(),
            FACE,
            Anchor.MIDDLE,
            Ink.MUTED));
  }

  private void draw(ForestChart.Row row, double y, List<Mark> strokes) {
    strokes.add(label(10, y + 4, row.label(), FACE, Anchor.START, Ink.TEXT));
    strokes.add(label(verdicts(), y + 4, row.verdict(), FACE, Anchor.START, Ink.TEXT));
    if (!Double.isFinite(row.mean())) {
      return;
    }
    String mean = signed(row.mean());
    strokes.add(label(numbers + MEAN, y + 4, mean, FACE, Anchor.END, Ink.TEXT));
    String count = Integer.toString(row.count());
    strokes.add(label(numbers + MEAN + COUNT, y + 4, count, FACE, Anchor.END, Ink.MUTED));
    Ink ink = ink(row);
    if (row.wide().isKnown()) {
      strokes.add(Line.straight(x(row.wide().low()), y, x(row.wide().high()), y, ink, 1.2));
      drawEnd(row.wide().low(), y, ink, strokes);
      drawEnd(row.wide().high(), y, ink, strokes);
    }
    if (row.narrow().isKnown()) {
      strokes.add(Line.straight(x(row.narrow().low()), y, x(row.narrow().high()), y, ink, 3.6));
    }
    strokes.add(new Dot(x(row.mean()), y, 4, ink, hover(row)));
  }

  /// The end of an interval; none where it goes on beyond the axis.
  private void drawEnd(double value, double y, Ink ink, List<Mark> strokes) {
    if (value >= ticks.low() && value <= ticks.high()) {
      strokes.add(Line.straight(x(value), y - 4, x(value), y + 4, ink, 1.2));
    }
  }

  private Ink ink(ForestChart.Row row) {
    if (!row.decided()) {
      return Ink.MUTED;
    }
    boolean isGood = row.mean() < 0 == (chart.better() == ForestChart.Better.LEFT);
    return isGood ? Ink.SERIES_3 : Ink.SERIES_2;
  }

  /// Where the verdicts begin.
  private double verdicts() {
    return numbers + MEAN + COUNT + 14;
  }

  private String hover(ForestChart.Row row) {
    return "%s\n%s %s\nthin %s\nthick %s\n%s, seeds: %d"
        .formatted(
            row.label(),
            chart.valueLabel(),
            signed(row.mean()),
            text(row.wide()),
            text(row.narrow()),
            row.verdict(),
            row.count());
  }

  private String text(LineChart.Spread spread) {
    return spread.isKnown()
        ? "%s to %s".formatted(signed(spread.low()), signed(spread.high()))
        : "not known";
  }

  /// All with as many decimals, so that none stands out for its digits.
  private String signed(double value) {
    return NumberText.signed(value, decimals);
  }

  private double x(double value) {
    return left + PLOT_WIDTH * Math.clamp(ticks.share(value), 0, 1);
  }

  private static Label label(
      double x, double y, String text, Face face, Anchor anchor, Paint fill) {
    return new Label(x, y, text, face, anchor, Turn.LEVEL, fill);
  }
}
