package dev.weir.view;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/// A [Drawing] as pixels, two for each unit, as sharp screens and print want it.
final class Png {
  private static final int SCALE = 2;

  /// 400 MB of pixels; more would not fit beside a model.
  private static final long MOST_PIXELS = 100_000_000;

  private final Graphics2D graphics;
  private final Theme theme;

  private Png(Graphics2D graphics, Theme theme) {
    this.graphics = graphics;
    this.theme = theme;
  }

  /// Writes the picture.
  ///
  /// @throws ViewException if it is too large or the machine has no fonts
  static void write(Drawing drawing, Theme theme, OutputStream out) throws IOException {
    BufferedImage image = image(drawing, theme);
    try (ImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
      ImageIO.write(image, "png", stream);
    }
  }

  private static BufferedImage image(Drawing drawing, Theme theme) {
    long width = (long) Math.ceil(drawing.width()) * SCALE;
    long height = (long) Math.ceil(drawing.height()) * SCALE;
    if (width * height > MOST_PIXELS) {
      throw ViewException.pictureTooLarge(width, height);
    }
    BufferedImage image = new BufferedImage((int) width, (int) height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = graphics(image);
    Png png = new Png(graphics, theme);
    graphics.setColor(png.colour(Ink.PAGE));
    graphics.fillRect(0, 0, image.getWidth(), image.getHeight());
    graphics.scale(SCALE, SCALE);
    drawing.marks().forEach(png::draw);
    graphics.dispose();
    return image;
  }

  /// Java finds out that there are no fonts only when it needs the first, and says so in many ways.
  private static Graphics2D graphics(BufferedImage image) {
    try {
      Graphics2D graphics = image.createGraphics();
      graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
      graphics.setRenderingHint(
          RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
      graphics.setRenderingHint(
          RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON);
      graphics.setRenderingHint(
          RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
      graphics.getFontMetrics(new Font(Font.SANS_SERIF, Font.PLAIN, 12)).stringWidth("weir");
      return graphics;
    } catch (OutOfMemoryError e) {
      throw e;
    } catch (RuntimeException | Error e) {
      throw ViewException.noFonts(e);
    }
  }

  private void draw(Mark mark) {
    switch (mark) {
      case Mark.Box(var x, var y, var width, var height, var fill, _) -> {
        graphics.setColor(colour(fill));
        graphics.fill(new Rectangle2D.Double(x, y, width, height));
      }
      case Mark.Dot(var x, var y, var radius, var fill, _) -> {
        graphics.setColor(colour(fill));
        graphics.fill(new Ellipse2D.Double(x - radius, y - radius, 2 * radius, 2 * radius));
      }
      case Mark.Line line -> draw(line);
      case Mark.Area(var outline, var fill, var opacity) -> {
        Color colour = colour(fill);
        graphics.setColor(
            new Color(
                colour.getRed(),
                colour.getGreen(),
                colour.getBlue(),
                (int) Math.round(255 * opacity)));
        graphics.fill(path(outline));
      }
      case Mark.Group group -> group.marks().forEach(this::draw);
      case Mark.Label label -> draw(label);
    }
  }

  private void draw(Mark.Line line) {
    graphics.setColor(colour(line.stroke()));
    graphics.setStroke(stroke((float) line.width(), line.dash()));
    graphics.draw(path(line.points()));
  }

  private void draw(Mark.Label label) {
    graphics.setFont(font(label.face()));
    graphics.setColor(colour(label.fill()));
    FontMetrics metrics = graphics.getFontMetrics();
    double width = metrics.getStringBounds(label.text(), graphics).getWidth();
    double start =
        switch (label.anchor()) {
          case START -> 0;
          case MIDDLE -> -width / 2;
          case END -> -width;
        };
    var before = graphics.getTransform();
    graphics.translate(label.x(), label.y());
    if (label.turn() == Mark.Turn.UPWARDS) {
      graphics.rotate(-Math.PI / 2);
    }
    graphics.drawString(label.text(), (float) start, 0);
    graphics.setTransform(before);
  }

  private static Font font(Mark.Face face) {
    String family =
        switch (face.family()) {
          case SANS -> Font.SANS_SERIF;
          case MONO -> Font.MONOSPACED;
        };
    int style = face.weight() == Mark.Weight.BOLD ? Font.BOLD : Font.PLAIN;
    return new Font(family, style, 1).deriveFont((float) face.size());
  }

  private static BasicStroke stroke(float width, int dash) {
    int cap = dash > 0 ? BasicStroke.CAP_BUTT : BasicStroke.CAP_ROUND;
    return dash > 0
        ? new BasicStroke(width, cap, BasicStroke.JOIN_ROUND, 10, new float[] {dash, dash}, 0)
        : new BasicStroke(width, cap, BasicStroke.JOIN_ROUND);
  }

  private static Path2D path(List<Point> points) {
    Path2D path = new Path2D.Double();
    path.moveTo(points.getFirst().x(), points.getFirst().y());
    points.stream().skip(1).forEach(p -> path.lineTo(p.x(), p.y()));
    return path;
  }

  private Color colour(Paint paint) {
    return switch (paint) {
      case Rgb(int red, int green, int blue) -> new Color(red, green, blue);
      case Ink ink -> colour(ink.on(theme));
    };
  }
}
