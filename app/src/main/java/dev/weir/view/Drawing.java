package dev.weir.view;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// A picture as a list of marks, before anyone decided between SVG and pixels.
///
/// @param width in pixels
/// @param height in pixels
/// @param marks drawn in this order
record Drawing(double width, double height, List<Mark> marks) {

  Drawing {
    marks = List.copyOf(marks);
  }

  /// Several drawings, one below the other.
  static Drawing stacked(List<Drawing> drawings, double gap) {
    List<Mark> marks = new ArrayList<>();
    double y = 0;
    for (Drawing drawing : drawings) {
      marks.addAll(drawing.moved(0, y).marks());
      y += drawing.height() + gap;
    }
    double width = drawings.stream().mapToDouble(Drawing::width).max().orElse(0);
    return new Drawing(width, Math.max(0, y - gap), marks);
  }

  /// This drawing with a margin on all sides.
  Drawing padded(double margin) {
    Drawing moved = moved(margin, margin);
    return new Drawing(width + 2 * margin, height + 2 * margin, moved.marks());
  }

  private Drawing moved(double dx, double dy) {
    return new Drawing(width, height, marks.stream().map(mark -> moved(mark, dx, dy)).toList());
  }

  /// The marks without their groups.
  List<Mark> strokes() {
    return marks.stream().<Mark>mapMulti(Drawing::ungroup).toList();
  }

  private static void ungroup(Mark mark, Consumer<Mark> strokes) {
    if (mark instanceof Mark.Group group) {
      group.marks().forEach(part -> ungroup(part, strokes));
    } else {
      strokes.accept(mark);
    }
  }

  private static List<Point> moved(List<Point> points, double dx, double dy) {
    return points.stream().map(p -> new Point(p.x() + dx, p.y() + dy)).toList();
  }

  private static Mark moved(Mark mark, double dx, double dy) {
    return switch (mark) {
      case Mark.Group(var name, var ink, var marks) ->
          new Mark.Group(name, ink, marks.stream().map(part -> moved(part, dx, dy)).toList());
      case Mark.Area(var outline, var fill, var opacity) ->
          new Mark.Area(moved(outline, dx, dy), fill, opacity);
      case Mark.Box(var x, var y, var w, var h, var fill, var hover) ->
          new Mark.Box(x + dx, y + dy, w, h, fill, hover);
      case Mark.Line(var points, var stroke, var width, var dash) ->
          new Mark.Line(moved(points, dx, dy), stroke, width, dash);
      case Mark.Dot(var x, var y, var radius, var fill, var hover) ->
          new Mark.Dot(x + dx, y + dy, radius, fill, hover);
      case Mark.Label(var x, var y, var text, var face, var anchor, var turn, var fill) ->
          new Mark.Label(x + dx, y + dy, text, face, anchor, turn, fill);
    };
  }
}
