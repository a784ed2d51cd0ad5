package dev.weir.view;

import dev.weir.view.Mark.Anchor;
import dev.weir.view.Mark.Box;
import dev.weir.view.Mark.Face;
import dev.weir.view.Mark.Family;
import dev.weir.view.Mark.Label;
import dev.weir.view.Mark.Line;
import dev.weir.view.Mark.Turn;
import dev.weir.view.Mark.Weight;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/// Lays a [BarChart] out: labels on the left, one axis at zero, the number at the end of each bar.
final class BarDrawing {
  private static final Face FACE = new Face(Family.MONO, 12, Weight.REGULAR);
  private static final Face AXIS = new Face(Family.SANS, 12, Weight.REGULAR);
  private static final double ROW = 23;
  private static final double TOP = 26;
  private static final double BARS = 420;
  private static final double NUMBER = 64;
  private static final double WIDEST_LABEL = 260;

  private final BarChart chart;
  private final List<Mark> marks = new ArrayList<>();
  private final double labels;
  private final double zero;
  private final double scale;
  private final double width;
  private final RealFormat format;

  private BarDrawing(BarChart chart) {
    this.chart = chart;
    double least = Math.min(0, values().min().orElse(0));
    double greatest = Math.max(0, values().max().orElse(0));
    double span = greatest > least ? greatest - least : 1;
    double widest =
        chart.bars().stream().mapToDouble(bar -> FACE.width(bar.label())).max().orElse(0);
    this.labels = Math.min(WIDEST_LABEL, widest) + 14;
    this.scale = BARS / span;
    this.zero = labels + (least < 0 ? NUMBER : 0) - least * scale;
    this.width = zero + greatest * scale + NUMBER;
    this.format = RealFormat.of(values());
  }

  static Drawing of(BarChart chart) {
    return new BarDrawing(chart).draw();
  }

  private Drawing draw() {
    double bottom = TOP + chart.bars().size() * ROW;
    add(zero, 12, chart.valueLabel(), AXIS, axisAnchor(), Ink.MUTED);
    for (int i = 0; i < chart.bars().size(); i++) {
      drawBar(chart.bars().get(i), TOP + i * ROW);
    }
    marks.add(Line.straight(zero, TOP - 4, zero, bottom + 2, Ink.AXIS, 1));
    return new Drawing(width, bottom + 6, marks);
  }

  private void drawBar(BarChart.Bar bar, double y) {
    boolean isNegative = bar.value() < 0;
    double length = Double.isFinite(bar.value()) ? Math.abs(bar.value()) * scale : 0;
    double start = isNegative ? zero - length : zero;
    Ink ink = isNegative ? Ink.NEGATIVE : Ink.POSITIVE;
    String number = NumberText.typeset(format.format(bar.value()));
    String label = FACE.fit(bar.label(), WIDEST_LABEL);
    add(labels - 14, y + 15, label, FACE, Anchor.END, Ink.TEXT);
    marks.add(new Box(start, y + 3, length, ROW - 7, ink, bar.label() + "\n" + bar.value()));
    if (isNegative) {
      add(start - 6, y + 15, number, FACE, Anchor.END, Ink.MUTED);
    } else {
      add(start + length + 6, y + 15, number, FACE, Anchor.START, Ink.MUTED);
    }
  }

  private Anchor axisAnchor() {
    double share = (zero - labels) / (width - labels);
    return share < 0.3 ? Anchor.START : share > 0.7 ? Anchor.END : Anchor.MIDDLE;
  }

  private DoubleStream values() {
    return chart.bars().stream().mapToDouble(BarChart.Bar::value).filter(Double::isFinite);
  }

  private void add(double x, double y, String text, Face face, Anchor anchor, Paint fill) {
    marks.add(new Label(x, y, text, face, anchor, Turn.LEVEL, fill));
  }
}
