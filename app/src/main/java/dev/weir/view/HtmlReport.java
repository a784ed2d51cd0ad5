package dev.weir.view;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/// A report as one page that needs nothing else: no network, no folder beside it. Light or dark as
/// the reader's system is; tables sort by a click or the Enter key on their headings; cells of a
/// heatmap and points of a line say their numbers under the pointer, or under the arrow keys; lines
/// can be hidden one by one. A report with headings begins with a list of its parts.
///
/// Nothing from a model or a text reaches the page unescaped, and a content security policy lets
/// run only the style sheet and the script written here, by their hashes.
public final class HtmlReport {
  /// Names and verdicts of so many characters stay on one line.
  private static final int MOST_UNBROKEN = 24;

  private final Writer out;
  private final String level;
  private int parts;

  private HtmlReport(Writer out, Report report) {
    this.out = out;
    this.level = report.headings().isEmpty() ? "h2" : "h3";
  }

  /// Writes a report.
  ///
  /// @param report what to write
  /// @param file where to; replaced if it exists
  /// @throws ViewException if the file cannot be written; nothing is left behind then
  public static void write(Report report, Path file) {
    AtomicFile.write(file, out -> write(report, out));
  }

  /// Writes a report to a stream, which stays open.
  ///
  /// @param report what to write
  /// @param out where to
  /// @throws IOException if the stream takes no more
  public static void write(Report report, OutputStream out) throws IOException {
    Writer writer = new OutputStreamWriter(out, UTF_8);
    new HtmlReport(writer, report).page(report);
    writer.flush();
  }

  private void page(Report report) throws IOException {
    String style = "\n" + resource("report.css") + inkRules();
    String script = "\n" + resource("report.js");
    String title = words(report.title());
    out.write(
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>%s</title>
        <style>%s</style>
        </head>
        <body>
        <main>
        <header>
        <h1>%s</h1>
        <p class="subtitle">%s</p>
        </header>
        """
            .formatted(
                InlineHash.of(style),
                InlineHash.of(script),
                title,
                style,
                title,
                words(report.subtitle())));
    contents(report.headings());
    for (Report.Section section : report.sections()) {
      section(section);
    }
    notes(report.notes(), "footer");
    out.write("</main>\n<div id=\"tip\" role=\"status\" hidden></div>\n");
    out.write("<script>%s</script>\n</body>\n</html>\n".formatted(script));
  }

  private void contents(List<Report.Heading> headings) throws IOException {
    if (headings.isEmpty()) {
      return;
    }
    out.write("<nav aria-label=\"Contents\">\n");
    for (int i = 0; i < headings.size(); i++) {
      out.write("<a href=\"#part-%d\">%s</a>\n".formatted(i, words(headings.get(i).title())));
    }
    out.write("</nav>\n");
  }

  private void section(Report.Section section) throws IOException {
    switch (section) {
      case Report.Heading(String title) -> {
        out.write("<h2 class=\"part\" id=\"part-%d\">%s</h2>\n".formatted(parts, words(title)));
        parts++;
      }
      case Report.ForestSection(ForestChart chart) -> figure(chart);
      case Report.Text(String title, List<String> paragraphs) -> text(title, paragraphs);
      case Report.TableSection(Table table) -> table(table);
      case Report.HeatmapSection(Heatmap heatmap) -> figure(heatmap);
      case Report.LineSection(LineChart chart) -> figure(chart);
      case Report.BarSection(BarChart chart) -> figure(chart);
    }
  }

  private void text(String title, List<String> paragraphs) throws IOException {
    out.write("<section>\n");
    if (!title.isEmpty()) {
      title(title);
    }
    for (String paragraph : paragraphs) {
      out.write("<p>%s</p>\n".formatted(words(paragraph)));
    }
    out.write("</section>\n");
  }

  private void title(String title) throws IOException {
    out.write("<%s>%s</%s>\n".formatted(level, words(title), level));
  }

  private void figure(Figure figure) throws IOException {
    out.write("<section>\n");
    title(figure.title());
    out.write("<figure tabindex=\"0\" aria-label=\"%s\">\n".formatted(words(figure.title())));
    out.write(Svg.inline(Drawings.of(figure), figure.title()));
    out.write("</figure>\n");
    notes(figure.notes(), "div");
    out.write("</section>\n");
  }

  private void table(Table table) throws IOException {
    out.write("<section>\n");
    title(table.title());
    out.write("<div class=\"scroll\" tabindex=\"0\" role=\"region\"");
    out.write(" aria-label=\"%s\">\n<table>\n<thead><tr>".formatted(words(table.title())));
    for (Column column : table.columns()) {
      heading(column);
    }
    out.write("</tr></thead>\n<tbody>\n");
    List<RealFormat> formats =
        IntStream.range(0, table.columns().size())
            .mapToObj(c -> RealFormat.of(table.rows(), c))
            .toList();
    for (List<Cell> row : table.rows()) {
      row(table, formats, row);
    }
    out.write("</tbody>\n</table>\n</div>\n");
    notes(table.notes(), "div");
    out.write("</section>\n");
  }

  private void heading(Column column) throws IOException {
    String unit =
        column.unit().isEmpty()
            ? ""
            : " <span class=\"unit\">%s</span>".formatted(words(column.unit()));
    out.write(
        "<th scope=\"col\" class=\"%s\"><button type=\"button\" title=\"%s\">%s%s</button></th>"
            .formatted(cssClass(column), words(column.description()), words(column.name()), unit));
  }

  private void row(Table table, List<RealFormat> formats, List<Cell> row) throws IOException {
    out.write("<tr>");
    for (int c = 0; c < row.size(); c++) {
      Column column = table.columns().get(c);
      String text = formats.get(c).format(row.get(c), column.kind());
      out.write(
          "<td class=\"%s%s\"%s>%s</td>"
              .formatted(
                  cssClass(column),
                  text.length() <= MOST_UNBROKEN ? " short" : "",
                  exact(row.get(c)),
                  Markup.escape(column.kind().isNumber() ? NumberText.typeset(text) : text)));
    }
    out.write("</tr>\n");
  }

  private void notes(List<String> notes, String tag) throws IOException {
    if (notes.isEmpty()) {
      return;
    }
    out.write("<%s class=\"notes\">\n".formatted(tag));
    for (String note : notes) {
      out.write("<p>%s</p>\n".formatted(words(note)));
    }
    out.write("</%s>\n".formatted(tag));
  }

  /// The number with all its digits, for sorting and for the pointer.
  private static String exact(Cell cell) {
    return switch (cell) {
      case Cell.Real(double value) -> " data-v=\"%s\" title=\"%s\"".formatted(value, value);
      case Cell.Whole(long value) -> " data-v=\"%d\"".formatted(value);
      case Cell.Missing() -> " data-v=\"\"";
      case Cell.Text(_) -> "";
    };
  }

  private static String cssClass(Column column) {
    return switch (column.kind()) {
      case NAME, TEXT -> "text";
      case TOKEN -> "token";
      case INTEGER, REAL -> "number";
    };
  }

  private static String words(String text) {
    return Markup.escape(TokenText.harmless(text));
  }

  private static String inkRules() {
    StringBuilder rules = new StringBuilder(":root{");
    for (Ink ink : Ink.values()) {
      rules.append("--%s:%s;".formatted(ink.cssName(), ink.on(Theme.LIGHT).hex()));
    }
    rules.append("}\n@media (prefers-color-scheme:dark){:root{");
    for (Ink ink : Ink.values()) {
      rules.append("--%s:%s;".formatted(ink.cssName(), ink.on(Theme.DARK).hex()));
    }
    rules.append("}}\n");
    for (Ink ink : Ink.values()) {
      String name = ink.cssName();
      rules.append(
          ".fill-%s{fill:var(--%s)}.stroke-%s{stroke:var(--%s)}.legend .ink-%s{color:var(--%s)}%n"
              .formatted(name, name, name, name, name, name));
    }
    return rules.toString().replace("\r", "");
  }

  private static String resource(String name) {
    try (InputStream in = HtmlReport.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("The jar lacks " + name);
      }
      return new String(in.readAllBytes(), UTF_8).replace("\r", "");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
