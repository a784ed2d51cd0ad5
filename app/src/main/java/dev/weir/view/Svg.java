package dev.weir.view;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// A [Drawing] as Scalable Vector Graphics.
final class Svg {

  /// Where an ink gets its colour.
  private sealed interface Colours {
    /// Written into the picture.
    record Fixed(Theme theme) implements Colours {}

    /// Left to the style sheet of the page around it, by class names.
    record Styled() implements Colours {}
  }

  private static final String SANS = "Helvetica Neue, Helvetica, Arial, DejaVu Sans, sans-serif";
  private static final String MONO = "Menlo, Consolas, DejaVu Sans Mono, monospace";

  private final Colours colours;
  private final StringBuilder out = new StringBuilder(1 << 14);

  private Svg(Colours colours) {
    this.colours = colours;
  }

  /// A picture that stands alone.
  static String file(Drawing drawing, String title, Theme theme) {
    Svg svg = new Svg(new Colours.Fixed(theme));
    svg.out.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    svg.open(drawing, title);
    svg.append(new Mark.Box(0, 0, drawing.width(), drawing.height(), Ink.PAGE, ""));
    return svg.close(drawing);
  }

  /// A picture inside a page that has the style sheet of [HtmlReport].
  static String inline(Drawing drawing, String title) {
    Svg svg = new Svg(new Colours.Styled());
    svg.open(drawing, title);
    return svg.close(drawing);
  }

  private void open(Drawing drawing, String title) {
    String width = number(Math.ceil(drawing.width()));
    String height = number(Math.ceil(drawing.height()));
    out.append("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"")
        .append(Markup.escape(TokenText.harmless(title)))
        .append(
            "\" width=\"%s\" height=\"%s\" viewBox=\"0 0 %s %s\">\n"
                .formatted(width, height, width, height));
  }

  private String close(Drawing drawing) {
    drawing.marks().forEach(this::append);
    return out.append("</svg>\n").toString();
  }

  private void append(Mark mark) {
    switch (mark) {
      case Mark.Box box -> append(box);
      case Mark.Line line -> append(line);
      case Mark.Dot dot -> append(dot);
      case Mark.Label label -> append(label);
      case Mark.Area area -> append(area);
      case Mark.Group group -> append(group);
    }
  }

  private void append(Mark.Group group) {
    out.append("<g data-series=\"%s\"".formatted(Markup.escape(TokenText.harmless(group.name()))))
        .append(" data-ink=\"%s\">\n".formatted(group.ink().cssName()));
    group.marks().forEach(this::append);
    out.append("</g>\n");
  }

  private void append(Mark.Area area) {
    out.append("<polygon points=\"%s\"".formatted(points(area.outline())))
        .append(" fill-opacity=\"%s\"".formatted(number(area.opacity())))
        .append(paint("fill", area.fill()))
        .append("/>\n");
  }

  private void append(Mark.Box box) {
    out.append("<rect x=\"%s\" y=\"%s\"".formatted(number(box.x()), number(box.y())))
        .append(" width=\"%s\" height=\"%s\"".formatted(number(box.width()), number(box.height())))
        .append(paint("fill", box.fill()));
    appendHover("rect", box.hover());
  }

  private void append(Mark.Dot dot) {
    out.append("<circle cx=\"%s\" cy=\"%s\"".formatted(number(dot.x()), number(dot.y())))
        .append(" r=\"%s\"".formatted(number(dot.radius())))
        .append(paint("fill", dot.fill()));
    appendHover("circle", dot.hover());
  }

  private void append(Mark.Line line) {
    out.append("<polyline fill=\"none\" points=\"%s\"".formatted(points(line.points())))
        .append(" stroke-width=\"%s\" stroke-linejoin=\"round\"".formatted(number(line.width())))
        .append(paint("stroke", line.stroke()));
    if (line.dash() > 0) {
      out.append(" stroke-dasharray=\"%d %d\"".formatted(line.dash(), line.dash()));
    }
    out.append("/>\n");
  }

  private void append(Mark.Label label) {
    Mark.Face face = label.face();
    String x = number(label.x());
    String y = number(label.y());
    out.append("<text x=\"%s\" y=\"%s\" font-size=\"%s\"".formatted(x, y, number(face.size())))
        .append(family(face.family()))
        .append(face.weight() == Mark.Weight.BOLD ? " font-weight=\"600\"" : "")
        .append(anchor(label.anchor()))
        .append(
            label.turn() == Mark.Turn.UPWARDS
                ? " transform=\"rotate(-90 %s %s)\"".formatted(x, y)
                : "")
        .append(paint("fill", label.fill()))
        .append(" unicode-bidi=\"isolate\">")
        .append(Markup.escape(label.text()))
        .append("</text>\n");
  }

  private void appendHover(String tag, String hover) {
    if (hover.isEmpty()) {
      out.append("/>\n");
    } else {
      String text =
          hover
              .lines()
              .map(TokenText::harmless)
              .map(Markup::escape)
              .collect(Collectors.joining("\n"));
      out.append("><title>%s</title></%s>\n".formatted(text, tag));
    }
  }

  private String paint(String attribute, Paint paint) {
    return switch (paint) {
      case Rgb colour -> " %s=\"%s\"".formatted(attribute, colour.hex());
      case Ink ink -> ink(attribute, ink);
    };
  }

  private String ink(String attribute, Ink ink) {
    return switch (colours) {
      case Colours.Fixed(Theme theme) -> " %s=\"%s\"".formatted(attribute, ink.on(theme).hex());
      case Colours.Styled() -> " class=\"%s-%s\"".formatted(attribute, ink.cssName());
    };
  }

  private String family(Mark.Family family) {
    if (colours instanceof Colours.Styled) {
      return family == Mark.Family.MONO ? " data-face=\"mono\"" : "";
    }
    return switch (family) {
      case SANS -> " font-family=\"%s\"".formatted(SANS);
      case MONO -> " font-family=\"%s\"".formatted(MONO);
    };
  }

  private static String anchor(Mark.Anchor anchor) {
    return switch (anchor) {
      case START -> "";
      case MIDDLE -> " text-anchor=\"middle\"";
      case END -> " text-anchor=\"end\"";
    };
  }

  private static String points(List<Point> points) {
    return points.stream()
        .map(p -> number(p.x()) + "," + number(p.y()))
        .collect(Collectors.joining(" "));
  }

  private static String number(double value) {
    return value == Math.rint(value)
        ? Long.toString((long) value)
        : String.format(Locale.ROOT, "%.2f", value);
  }
}
