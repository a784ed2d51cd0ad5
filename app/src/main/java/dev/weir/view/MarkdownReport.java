package dev.weir.view;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// A report as Markdown (CommonMark, with the tables of GitHub Flavored Markdown), its pictures as
/// PNG files beside it. Nothing from a model or a text is taken for markup.
public final class MarkdownReport {
  /// What begins or ends markup somewhere in a line.
  private static final String SPECIAL = "\\`*_[]<|~$&";

  private final Function<Figure, String> links;
  private final String level;
  private final StringBuilder out = new StringBuilder(1 << 14);

  private MarkdownReport(Report report, Function<Figure, String> links) {
    this.links = links;
    this.level = report.headings().isEmpty() ? "## " : "### ";
  }

  /// Writes a report and, beside it, its pictures: `lens.md`, `lens-grid.png`.
  ///
  /// @param report what to write
  /// @param file where to; replaced if it exists
  /// @return the files written, the words first
  /// @throws ViewException if a file cannot be written, or the machine has no fonts
  public static List<Path> write(Report report, Path file) {
    return write(report, file, figure -> ReportFiles.beside(file, figure.name(), ".png"));
  }

  /// Writes a report and its pictures.
  ///
  /// @param report what to write
  /// @param file where to; replaced if it exists
  /// @param places where the pictures go, in the file's folder or below
  static List<Path> write(Report report, Path file, Function<Figure, Path> places) {
    List<Path> written = new ArrayList<>(List.of(file));
    for (Figure figure : report.figures()) {
      Path place = places.apply(figure);
      AtomicFile.write(place, out -> ReportPicture.png(figure, Theme.LIGHT, out));
      written.add(place);
    }
    Path folder = file.toAbsolutePath().getParent();
    String text =
        text(
            report,
            figure -> {
              Path place = places.apply(figure).toAbsolutePath();
              return (folder == null ? place : folder.relativize(place))
                  .toString()
                  .replace('\\', '/');
            });
    AtomicFile.write(file, out -> out.write(text.getBytes(UTF_8)));
    return List.copyOf(written);
  }

  /// The words of a report.
  ///
  /// @param report what to write
  /// @param links where its pictures are, as seen from where the words will be
  static String text(Report report, Function<Figure, String> links) {
    MarkdownReport markdown = new MarkdownReport(report, links);
    markdown.page(report);
    return markdown.out.toString();
  }

  private void page(Report report) {
    out.append("# ").append(escape(report.title())).append("\n");
    paragraph(report.subtitle());
    report.sections().forEach(this::section);
    if (!report.notes().isEmpty()) {
      out.append("\n---\n");
      report.notes().forEach(this::paragraph);
    }
  }

  private void section(Report.Section section) {
    switch (section) {
      case Report.Heading(String title) -> title("## ", title);
      case Report.Text(String title, List<String> paragraphs) -> {
        if (!title.isEmpty()) {
          title(level, title);
        }
        paragraphs.forEach(this::paragraph);
      }
      case Report.TableSection(Table table) -> table(table);
      case Report.HeatmapSection(Heatmap heatmap) -> figure(heatmap);
      case Report.LineSection(LineChart chart) -> figure(chart);
      case Report.BarSection(BarChart chart) -> figure(chart);
      case Report.ForestSection(ForestChart chart) -> figure(chart);
    }
  }

  private void title(String marks, String title) {
    out.append("\n").append(marks).append(escape(title)).append("\n");
  }

  private void paragraph(String words) {
    if (!words.isEmpty()) {
      out.append("\n").append(line(words)).append("\n");
    }
  }

  private void figure(Figure figure) {
    title(level, figure.title());
    out.append("\n![%s](<%s>)\n".formatted(escape(figure.title()), links.apply(figure)));
    figure.notes().forEach(this::paragraph);
  }

  private void table(Table table) {
    title(level, table.title());
    List<Column> columns = table.columns();
    out.append("\n");
    row(columns.stream().map(column -> escape(column.heading())).toList());
    row(columns.stream().map(column -> column.kind().isNumber() ? "---:" : "---").toList());
    List<RealFormat> formats =
        IntStream.range(0, columns.size()).mapToObj(c -> RealFormat.of(table.rows(), c)).toList();
    for (List<Cell> cells : table.rows()) {
      row(
          IntStream.range(0, columns.size())
              .mapToObj(c -> cell(cells.get(c), columns.get(c), formats.get(c)))
              .toList());
    }
    table.notes().forEach(this::paragraph);
  }

  private static String cell(Cell cell, Column column, RealFormat format) {
    String text = format.format(cell, column.kind());
    return escape(column.kind().isNumber() ? NumberText.typeset(text) : text);
  }

  private void row(List<String> cells) {
    out.append(cells.stream().collect(Collectors.joining(" | ", "| ", " |\n")));
  }

  /// A text that stands on a line by itself, where more can begin a list or a heading.
  private static String line(String text) {
    return escape(text)
        .replaceFirst("^([-+=#>])", "\\\\$1")
        .replaceFirst("^(\\d+)([.)])", "$1\\\\$2");
  }

  /// The text on one line, with a backslash before everything that could be markup.
  private static String escape(String text) {
    String line = TokenText.harmless(text).strip().replaceAll("\\s+", " ");
    StringBuilder safe = new StringBuilder(line.length() + 16);
    line.codePoints()
        .forEach(c -> {
          if (SPECIAL.indexOf(c) >= 0) {
            safe.append('\\');
          }
          safe.appendCodePoint(c);
        });
    return safe.toString();
  }
}
