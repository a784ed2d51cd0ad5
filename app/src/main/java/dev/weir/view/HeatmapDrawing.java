package dev.weir.view;

import dev.weir.view.Mark.Anchor;
import dev.weir.view.Mark.Box;
import dev.weir.view.Mark.Face;
import dev.weir.view.Mark.Family;
import dev.weir.view.Mark.Label;
import dev.weir.view.Mark.Turn;
import dev.weir.view.Mark.Weight;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Lays a [Heatmap] out: labels on the left and above, the grid, its legend below.
final class HeatmapDrawing {
  private static final Face AXIS = new Face(Family.SANS, 12, Weight.REGULAR);
  private static final Face TOKEN = new Face(Family.MONO, 12, Weight.REGULAR);
  private static final Face SMALL = new Face(Family.MONO, 11, Weight.REGULAR);
  private static final double TEXT_ROW = 25;
  private static final double WIDEST_CELL = 100;
  private static final double WIDEST_LABEL = 180;
  private static final double LEGEND_WIDTH = 220;
  private static final int LEGEND_STEPS = 55;

  private final Heatmap heatmap;
  private final List<Mark> marks = new ArrayList<>();
  private final boolean hasText;
  private final double cellWidth;
  private final double cellHeight;
  private final boolean turnsLabels;
  private final double left;
  private final double top;

  private HeatmapDrawing(Heatmap heatmap) {
    this.heatmap = heatmap;
    this.hasText = texts().anyMatch(text -> !text.isEmpty());
    this.cellWidth = hasText ? textCellWidth() : bareCell(heatmap.columnLabels().size(), 660);
    this.cellHeight = hasText ? TEXT_ROW : bareCell(heatmap.rowLabels().size(), 420);
    double widest = widest(heatmap.columnLabels(), TOKEN);
    this.turnsLabels = !hasText && widest > cellWidth - 4;
    double rowLabel = Math.min(WIDEST_LABEL, widest(heatmap.rowLabels(), TOKEN));
    this.left = Math.ceil(Math.max(rowLabel, AXIS.width(heatmap.rowAxis())) + 10);
    this.top = 24 + (turnsLabels ? Math.min(WIDEST_LABEL, widest) + 8 : 20);
  }

  static Drawing of(Heatmap heatmap) {
    return new HeatmapDrawing(heatmap).draw();
  }

  private Drawing draw() {
    double gridWidth = cellWidth * heatmap.columnLabels().size();
    double gridHeight = cellHeight * heatmap.rowLabels().size();
    add(left, 12, heatmap.columnAxis(), AXIS, Anchor.START, Ink.MUTED);
    add(left - 10, 12, heatmap.rowAxis(), AXIS, Anchor.END, Ink.MUTED);
    drawRowLabels();
    drawColumnLabels();
    drawCells();
    drawLegend(top + gridHeight + 22);
    double width = left + Math.max(gridWidth, LEGEND_WIDTH + 40) + 2;
    return new Drawing(width, top + gridHeight + 68, marks);
  }

  private void drawRowLabels() {
    int every = Math.max(1, (int) Math.ceil(14 / cellHeight));
    for (int r = 0; r < heatmap.rowLabels().size(); r += every) {
      String label = TOKEN.fit(heatmap.rowLabels().get(r), WIDEST_LABEL);
      add(left - 10, top + (r + 0.5) * cellHeight + 4, label, TOKEN, Anchor.END, Ink.TEXT);
    }
  }

  private void drawColumnLabels() {
    int every = turnsLabels ? Math.max(1, (int) Math.ceil(14 / cellWidth)) : 1;
    for (int c = 0; c < heatmap.columnLabels().size(); c += every) {
      double x = left + (c + 0.5) * cellWidth;
      String label = heatmap.columnLabels().get(c);
      if (turnsLabels) {
        String cut = TOKEN.fit(label, WIDEST_LABEL);
        marks.add(new Label(x + 4, top - 8, cut, TOKEN, Anchor.START, Turn.UPWARDS, Ink.TEXT));
      } else {
        String cut = hasText ? TOKEN.fit(label, cellWidth - 4) : label;
        add(x, top - 8, cut, TOKEN, Anchor.MIDDLE, Ink.TEXT);
      }
    }
  }

  private void drawCells() {
    double gap = Math.min(cellWidth, cellHeight) > 8 ? 1 : 0;
    for (int r = 0; r < heatmap.rowLabels().size(); r++) {
      for (int c = 0; c < heatmap.columnLabels().size(); c++) {
        drawCell(r, c, gap);
      }
    }
  }

  private void drawCell(int r, int c, double gap) {
    Heatmap.Cell cell = heatmap.cells().get(r).get(c);
    double x = left + c * cellWidth;
    double y = top + r * cellHeight;
    Paint fill = heatmap.legend().paint(cell.value());
    marks.add(new Box(x, y, cellWidth - gap, cellHeight - gap, fill, hover(r, c, cell)));
    String text = SMALL.fit(cell.text(), cellWidth - 8);
    if (!text.isEmpty()) {
      Paint ink = heatmap.legend().textPaint(cell.value());
      add(x + (cellWidth - gap) / 2, y + cellHeight / 2 + 3.5, text, SMALL, Anchor.MIDDLE, ink);
    }
  }

  private String hover(int r, int c, Heatmap.Cell cell) {
    String place = heatmap.rowLabels().get(r) + " × " + heatmap.columnLabels().get(c);
    String number = heatmap.legend().label() + " " + NumberText.brief(cell.value());
    return Stream.of(cell.text(), number, place)
        .filter(part -> !part.isEmpty())
        .collect(java.util.stream.Collectors.joining("\n"));
  }

  private void drawLegend(double y) {
    Legend legend = heatmap.legend();
    double step = LEGEND_WIDTH / LEGEND_STEPS;
    for (int i = 0; i < LEGEND_STEPS; i++) {
      Paint fill = legend.scale().at((i + 0.5) / LEGEND_STEPS);
      marks.add(new Box(left + i * step, y, step, 9, fill, ""));
    }
    for (int quarter = 0; quarter <= 4; quarter += 2) {
      double value = legend.at(quarter / 4.0);
      Anchor anchor =
          switch (quarter) {
            case 0 -> Anchor.START;
            case 4 -> Anchor.END;
            default -> Anchor.MIDDLE;
          };
      String number = NumberText.typeset(NumberText.trimmed(value));
      add(left + LEGEND_WIDTH * quarter / 4, y + 23, number, SMALL, anchor, Ink.MUTED);
    }
    add(left, y + 40, legend.label(), AXIS, Anchor.START, Ink.MUTED);
  }

  private void add(double x, double y, String text, Face face, Anchor anchor, Paint fill) {
    marks.add(new Label(x, y, text, face, anchor, Turn.LEVEL, fill));
  }

  /// Wide enough for nine texts in ten; the odd long token is cut.
  private double textCellWidth() {
    double[] widths =
        Stream.concat(texts(), heatmap.columnLabels().stream())
            .mapToDouble(SMALL::width)
            .sorted()
            .toArray();
    return Math.clamp(widths[widths.length * 9 / 10] + 16, 44, WIDEST_CELL);
  }

  private Stream<String> texts() {
    return heatmap.cells().stream().flatMap(List::stream).map(Heatmap.Cell::text);
  }

  private static double bareCell(int count, double room) {
    return Math.clamp(room / count, 3, 26);
  }

  private static double widest(List<String> labels, Face face) {
    return labels.stream().mapToDouble(face::width).max().orElse(0);
  }
}
