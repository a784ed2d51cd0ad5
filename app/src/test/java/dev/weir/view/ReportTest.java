package dev.weir.view;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReportTest {
  @TempDir Path folder;

  @Test
  void aPageHoldsNoMarkupFromItsTexts() throws IOException {
    String page = page(Samples.report());

    assertThat(page)
        .doesNotContain("<script>alert")
        .contains("&lt;script&gt;alert(1)&lt;/script&gt;");
    assertThat(page.split("<script", -1)).hasSize(2);
    assertThat(page.chars().filter(c -> c != '\n' && c < 0x20)).isEmpty();
    assertThat(page).doesNotContain("\u202e", "\u0007").contains("\\u202eevil", "\\x07");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "</title><script>alert(1)</script>",
        "</style><img src=x onerror=alert(1)>",
        "\" onmouseover=\"alert(1)",
        "' autofocus onfocus='alert(1)",
        "]]><!--",
        "%s %d %n",
        "\ud800\udfff\udc00\u0000\u2028\ufffe"
      })
  void aPageIsBuiltTheSameWayWhateverItsTextsSay(String text) throws IOException {
    assertThat(tags(page(everywhere(text)))).isEqualTo(tags(page(everywhere("harmless"))));
  }

  @Test
  void aPageNeedsNothingFromElsewhere() throws IOException {
    String page = page(Samples.report()).replace("http://www.w3.org/2000/svg", "");

    assertThat(page)
        .doesNotContain("http:", "https:", "src=", "href=", "url(", "@import", " style=");
  }

  @Test
  void thePolicyNamesTheHashesOfTheStyleAndTheScript() throws Exception {
    String page = page(Samples.report());

    for (String tag : List.of("style", "script")) {
      Matcher inline =
          Pattern.compile("<" + tag + ">(.*?)</" + tag + ">", Pattern.DOTALL).matcher(page);
      assertThat(inline.find()).isTrue();
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(inline.group(1).getBytes(UTF_8));
      assertThat(page)
          .contains("%s-src 'sha256-%s'".formatted(tag, Base64.getEncoder().encodeToString(hash)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"html", "md", "json", "csv", "parquet", "png", "svg", "HTML"})
  void theEndOfTheNameChoosesTheFormat(String extension) {
    Path file = folder.resolve("r." + extension);

    assertThat(ReportFiles.write(Samples.report(), file)).startsWith(file);
    assertThat(file).isNotEmptyFile();
  }

  @Test
  void anUnknownEndIsRefusedWithTheKnownOnes() {
    assertThatThrownBy(() -> ReportFiles.write(Samples.report(), folder.resolve("r.xlsx")))
        .isInstanceOf(ViewException.class)
        .hasMessageEndingWith("end it in one of .html .md .json .csv .parquet .png .svg.")
        .message()
        .doesNotContain("\n");
    assertThatThrownBy(() -> ReportFiles.requireKnown(Path.of("/"))).hasMessageContaining(".html");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void furtherTablesGoBesideTheFirst() {
    Table second = Table.named("parts").text("x", "").row("y").build();
    Report report =
        new Report(
            "T",
            "",
            List.of(new Report.TableSection(Samples.table()), new Report.TableSection(second)),
            List.of());

    assertThat(ReportFiles.write(report, folder.resolve("r.csv")))
        .containsExactly(folder.resolve("r.csv"), folder.resolve("r-parts.csv"));
  }

  @Test
  void aReportOfPicturesGivesTheNumbersBehindThem() throws IOException {
    Report report = new Report("T", "", List.of(new Report.BarSection(Samples.bars())), List.of());

    ReportFiles.write(report, folder.resolve("r.csv"));

    assertThat(Files.readString(folder.resolve("r.csv"))).contains("\r\nblocks.5.mlp,4.213\r\n");
  }

  @Test
  void aReportWithoutPicturesSaysSo() {
    Report words = new Report("T", "", List.of(new Report.Text("t", List.of("w"))), List.of());

    assertThatThrownBy(() -> ReportFiles.write(words, folder.resolve("r.png")))
        .hasMessageContaining("holds no picture");
    assertThatThrownBy(() -> ReportFiles.write(words, folder.resolve("r.csv")))
        .hasMessageContaining("holds no table");
  }

  private String page(Report report) throws IOException {
    Path file = folder.resolve("page.html");
    HtmlReport.write(report, file);
    return Files.readString(file, UTF_8);
  }

  private static Report everywhere(String text) {
    Table table =
        Table.named("t")
            .title(text)
            .column(new Column(text, Column.Kind.TOKEN, text, text))
            .text("y", text)
            .row(text, text)
            .note(text)
            .build();
    Heatmap heatmap =
        Heatmap.named("h", Legend.sequential(text, 0, 1))
            .title(text)
            .rows(text)
            .columns(text, List.of(text))
            .row(text, List.of(new Heatmap.Cell(0.5, text)))
            .note(text)
            .build();
    return new Report(
        text,
        text,
        List.of(
            new Report.Heading(text),
            new Report.Text(text, List.of(text)),
            new Report.ForestSection(Samples.forest(text)),
            new Report.TableSection(table),
            new Report.HeatmapSection(heatmap),
            new Report.LineSection(
                new LineChart(
                    "l",
                    text,
                    text,
                    text,
                    List.of(LineChart.Series.of(text, 1, 2)),
                    List.of(text))),
            new Report.BarSection(
                new BarChart("b", text, text, List.of(new BarChart.Bar(text, 1)), List.of(text)))),
        List.of(text));
  }

  /// The names of the tags and their attributes, in order.
  private static List<String> tags(String page) {
    Matcher body = Pattern.compile("<([a-zA-Z!/][^\\s>]*)((?:[^>\"]|\"[^\"]*\")*)>").matcher(page);
    return body.results()
        .map(tag -> tag.group(1) + tag.group(2).replaceAll("\"[^\"]*\"", ""))
        .toList();
  }
}
