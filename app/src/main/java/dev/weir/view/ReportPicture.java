package dev.weir.view;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;

/// All pictures of a report on one sheet, with its title and its notes, for light or dark pages.
public final class ReportPicture {

  private ReportPicture() {}

  /// Writes it as pixels to a stream, which stays open.
  ///
  /// @param report whose pictures
  /// @param theme the page they are for
  /// @param out where to
  /// @throws ViewException if it is too large, or the machine has no fonts
  /// @throws IOException if the stream takes no more
  public static void png(Report report, Theme theme, OutputStream out) throws IOException {
    Png.write(Drawings.sheet(report), theme, out);
  }

  /// Writes one picture as pixels to a stream, which stays open.
  ///
  /// @param figure which
  /// @param theme the page it is for
  /// @param out where to
  /// @throws ViewException if it is too large, or the machine has no fonts
  /// @throws IOException if the stream takes no more
  static void png(Figure figure, Theme theme, OutputStream out) throws IOException {
    Png.write(Drawings.sheet(figure), theme, out);
  }

  /// Writes it as Scalable Vector Graphics to a stream, which stays open.
  ///
  /// @param report whose pictures
  /// @param theme the page they are for
  /// @param out where to
  /// @throws IOException if the stream takes no more
  public static void svg(Report report, Theme theme, OutputStream out) throws IOException {
    out.write(Svg.file(Drawings.sheet(report), report.title(), theme).getBytes(UTF_8));
  }
}
