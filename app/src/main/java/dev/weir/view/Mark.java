package dev.weir.view;

import java.util.List;

/// One stroke of a [Drawing]; lengths in pixels, y downwards.
sealed interface Mark {

  /// A filled rectangle; `hover` is said when a pointer rests on it, if not empty.
  record Box(double x, double y, double width, double height, Paint fill, String hover)
      implements Mark {}

  /// A line through points; `dash` is 0 for a whole line, else the length of its dashes.
  record Line(List<Point> points, Paint stroke, double width, int dash) implements Mark {
    public Line {
      points = List.copyOf(points);
    }

    static Line straight(double x1, double y1, double x2, double y2, Paint stroke, double width) {
      return new Line(List.of(new Point(x1, y1), new Point(x2, y2)), stroke, width, 0);
    }
  }

  /// A filled shape that what lies beneath shines through.
  ///
  /// @param outline its corners, in order
  /// @param opacity how much of the paint is seen, 0 to 1
  record Area(List<Point> outline, Paint fill, double opacity) implements Mark {
    public Area {
      outline = List.copyOf(outline);
    }
  }

  /// Marks that belong together, such as a line with its dots and its name: a page can hide them.
  ///
  /// @param name what they stand for
  /// @param ink what they are drawn with
  /// @param marks drawn in this order
  record Group(String name, Ink ink, List<Mark> marks) implements Mark {
    public Group {
      marks = List.copyOf(marks);
    }
  }

  /// A filled disc.
  record Dot(double x, double y, double radius, Paint fill, String hover) implements Mark {}

  /// One line of text; `y` is its baseline.
  record Label(double x, double y, String text, Face face, Anchor anchor, Turn turn, Paint fill)
      implements Mark {
    public Label {
      text = TokenText.harmless(text);
    }
  }

  /// How text looks.
  ///
  /// @param size height of the font in pixels
  record Face(Family family, double size, Weight weight) {
    /// About how wide a text is; drawings anchor text so that a small error does not show.
    double width(String text) {
      return TextWidth.columns(TokenText.harmless(text)) * size * family.advance;
    }

    /// The text cut to a width.
    String fit(String text, double width) {
      int columns = (int) (width / (size * family.advance));
      return columns < 1 ? "" : TextWidth.cut(TokenText.harmless(text), columns);
    }
  }

  /// A kind of font.
  enum Family {
    SANS(0.56),
    MONO(0.605);

    /// Width of a column as a share of the size.
    private final double advance;

    Family(double advance) {
      this.advance = advance;
    }
  }

  /// How heavy a text is.
  enum Weight {
    REGULAR,
    BOLD
  }

  /// Which part of a text stands at its x.
  enum Anchor {
    START,
    MIDDLE,
    END
  }

  /// Whether a text lies, or reads upwards.
  enum Turn {
    LEVEL,
    UPWARDS
  }
}
