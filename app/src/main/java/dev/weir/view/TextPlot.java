package dev.weir.view;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// A [LineChart] for a terminal: the first line drawn in dots (braille, two by four to a
/// character), the others as marks at their points.
public final class TextPlot {
  private static final int DOTS_ACROSS = 2;
  private static final int DOTS_DOWN = 4;
  private static final int NARROWEST = 10;
  private static final char BLANK_BRAILLE = '\u2800';
  private static final String MARKS = "●◆▲■";

  /// The bit of each dot of a braille character, row by row (Unicode Standard, section 21.1).
  private static final int[][] BITS = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

  private final LineChart chart;
  private final Style style;
  private final Ticks y;
  private final double least;
  private final double greatest;
  private final int margin;
  private final int columns;
  private final int rows;
  private final int[][] dots;
  private final int[][] marks;

  private TextPlot(LineChart chart, Style style, int width, int rows) {
    this.chart = chart;
    this.style = style;
    this.rows = rows;
    this.y = Ticks.around(bound(Point::y, false), bound(Point::y, true), Math.max(2, rows / 3));
    this.least = bound(Point::x, false);
    this.greatest = bound(Point::x, true);
    this.margin = y.places().stream().mapToInt(at -> y.label(at).length()).max().orElse(0) + 1;
    this.columns = Math.max(NARROWEST, width - margin - 1);
    this.dots = new int[rows][columns];
    this.marks = new int[rows][columns];
  }

  /// The lines of a chart, each ended by a line break.
  ///
  /// @param chart what to show
  /// @param style whether with colours
  /// @param width how many columns the terminal has
  /// @param height how many lines the plot may have, at least 3
  public static String render(LineChart chart, Style style, int width, int height) {
    TextPlot plot = new TextPlot(chart, style, width, Math.max(3, height));
    plot.draw();
    return plot.lines();
  }

  private interface Side {
    double of(Point point);
  }

  private double bound(Side side, boolean upper) {
    var values =
        chart.series().stream()
            .flatMap(line -> finite(line).stream())
            .mapToDouble(side::of)
            .summaryStatistics();
    return values.getCount() == 0 ? (upper ? 1 : 0) : upper ? values.getMax() : values.getMin();
  }

  private static List<Point> finite(LineChart.Series line) {
    return line.points().stream()
        .filter(point -> Double.isFinite(point.x()) && Double.isFinite(point.y()))
        .toList();
  }

  private void draw() {
    drawLine(finite(chart.series().getFirst()));
    for (int i = 1; i < chart.series().size(); i++) {
      for (Point point : finite(chart.series().get(i))) {
        marks[row(point) / DOTS_DOWN][column(point) / DOTS_ACROSS] = i;
      }
    }
  }

  private void drawLine(List<Point> points) {
    for (int i = 0; i < points.size(); i++) {
      Point from = points.get(Math.max(0, i - 1));
      drawStroke(column(from), row(from), column(points.get(i)), row(points.get(i)));
    }
  }

  private void drawStroke(int x1, int y1, int x2, int y2) {
    int length = Math.max(1, Math.max(Math.abs(x2 - x1), Math.abs(y2 - y1)));
    for (int i = 0; i <= length; i++) {
      int x = Math.round(x1 + (x2 - x1) * (float) i / length);
      int down = Math.round(y1 + (y2 - y1) * (float) i / length);
      dots[down / DOTS_DOWN][x / DOTS_ACROSS] |= BITS[down % DOTS_DOWN][x % DOTS_ACROSS];
    }
  }

  private int column(Point point) {
    double share = greatest > least ? (point.x() - least) / (greatest - least) : 0.5;
    return (int) Math.round(share * (columns * DOTS_ACROSS - 1));
  }

  private int row(Point point) {
    return (int) Math.round((1 - y.share(point.y())) * (rows * DOTS_DOWN - 1));
  }

  private String lines() {
    StringBuilder out = new StringBuilder();
    out.append(style.strong(TokenText.harmless(chart.title()))).append('\n');
    String[] labels = new String[rows];
    Arrays.fill(labels, "");
    y.places().forEach(at -> labels[row(new Point(0, at)) / DOTS_DOWN] = y.label(at));
    for (int row = 0; row < rows; row++) {
      String rule = labels[row].isEmpty() ? "│" : "┤";
      out.append(style.faint(("%" + margin + "s%s").formatted(labels[row], rule)));
      out.append(plotted(row)).append('\n');
    }
    out.append(style.faint(" ".repeat(margin) + "└" + "─".repeat(columns))).append('\n');
    return out.append(feet()).append(legend()).toString();
  }

  private String plotted(int row) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < columns; column++) {
      int mark = marks[row][column];
      if (mark > 0) {
        line.append(style.positive(mark(mark)));
      } else {
        int bits = dots[row][column];
        line.append(bits == 0 ? ' ' : (char) (BLANK_BRAILLE + bits));
      }
    }
    return line.toString().stripTrailing();
  }

  private static String mark(int series) {
    return String.valueOf(MARKS.charAt((series - 1) % MARKS.length()));
  }

  private String feet() {
    String from = NumberText.trimmed(least);
    String to = NumberText.trimmed(greatest);
    String label = TextWidth.cut(TokenText.harmless(chart.xLabel()), columns);
    int gap = columns - from.length() - to.length() - TextWidth.columns(label);
    int left = Math.max(1, gap / 2);
    return style.faint(
            " ".repeat(margin + 1)
                + from
                + " ".repeat(left)
                + label
                + " ".repeat(Math.max(1, gap - left))
                + to)
        + "\n";
  }

  private String legend() {
    String names =
        IntStream.range(0, chart.series().size())
            .mapToObj(i ->
                (i == 0 ? "⠒⠒" : style.positive(mark(i)))
                    + " "
                    + TokenText.harmless(chart.series().get(i).name()))
            .collect(Collectors.joining("   "));
    return " ".repeat(margin + 1) + names + "\n";
  }
}
