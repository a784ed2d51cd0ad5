package dev.weir.view;

import dev.weir.view.Mark.Anchor;
import dev.weir.view.Mark.Face;
import dev.weir.view.Mark.Family;
import dev.weir.view.Mark.Label;
import dev.weir.view.Mark.Turn;
import dev.weir.view.Mark.Weight;
import java.util.ArrayList;
import java.util.List;

/// From figures to drawings.
final class Drawings {
  private static final Face TITLE = new Face(Family.SANS, 19, Weight.BOLD);
  private static final Face HEADING = new Face(Family.SANS, 14, Weight.BOLD);
  private static final Face BODY = new Face(Family.SANS, 12, Weight.REGULAR);
  private static final double NARROWEST = 480;

  private Drawings() {}

  /// The figure alone.
  static Drawing of(Figure figure) {
    return switch (figure) {
      case Heatmap heatmap -> HeatmapDrawing.of(heatmap);
      case LineChart chart -> LineDrawing.of(chart);
      case BarChart chart -> BarDrawing.of(chart);
      case ForestChart chart -> ForestDrawing.of(chart);
    };
  }

  /// All figures of a report on one sheet, with its title and notes.
  static Drawing sheet(Report report) {
    List<Drawing> figures = report.figures().stream().map(Drawings::titled).toList();
    double width = figures.stream().mapToDouble(Drawing::width).max().orElse(0);
    width = Math.max(width, NARROWEST);
    List<Drawing> parts = new ArrayList<>();
    parts.add(
        Drawing.stacked(
            List.of(
                lines(List.of(report.title()), TITLE, Ink.TEXT, width),
                lines(List.of(report.subtitle()), BODY, Ink.MUTED, width)),
            2));
    parts.addAll(figures);
    if (!report.notes().isEmpty()) {
      parts.add(lines(report.notes(), BODY, Ink.MUTED, width));
    }
    return Drawing.stacked(parts, 26).padded(28);
  }

  /// One figure on a sheet, with its title and notes.
  static Drawing sheet(Figure figure) {
    return titled(figure).padded(20);
  }

  private static Drawing titled(Figure figure) {
    Drawing drawing = of(figure);
    double width = Math.max(drawing.width(), NARROWEST);
    List<Drawing> parts = new ArrayList<>();
    parts.add(lines(List.of(figure.title()), HEADING, Ink.TEXT, width));
    parts.add(drawing);
    if (!figure.notes().isEmpty()) {
      parts.add(lines(figure.notes(), BODY, Ink.MUTED, width));
    }
    return Drawing.stacked(parts, 10);
  }

  private static Drawing lines(List<String> paragraphs, Face face, Ink ink, double width) {
    List<Mark> marks = new ArrayList<>();
    double lineHeight = Math.ceil(face.size() * 1.4);
    double y = 0;
    for (String paragraph : paragraphs) {
      for (String line : wrapped(TokenText.harmless(paragraph), face, width)) {
        y += lineHeight;
        marks.add(new Label(0, y - face.size() * 0.4, line, face, Anchor.START, Turn.LEVEL, ink));
      }
    }
    return new Drawing(width, y, marks);
  }

  private static List<String> wrapped(String text, Face face, double width) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      if (!line.isEmpty() && face.width(line + " " + word) > width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(face.fit(word, width));
    }
    if (!line.isEmpty()) {
      lines.add(line.toString());
    }
    return lines;
  }
}
