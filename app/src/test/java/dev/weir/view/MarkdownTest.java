package dev.weir.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MarkdownTest {
  @TempDir Path folder;

  @Test
  void aTableHasOneLineForEachRowAndNumbersToTheRight() {
    Table table =
        Table.named("t")
            .title("Losses")
            .text("variant", "")
            .real("loss", "nats", "")
            .row("plain", -0.5)
            .row("other", Cell.missing())
            .note("Three seeds.")
            .build();

    assertThat(text(new Report.TableSection(table)))
        .contains(
            """
            ## Losses

            | variant | loss (nats) |
            | --- | ---: |
            | plain | −0.5000 |
            | other | – |

            Three seeds.
            """);
  }

  @Test
  void whatCouldBeMarkupIsEscaped() {
    Table table = Table.named("t").text("x", "").row("a|b *c* <b> `d` [e](f) \n# g").build();

    assertThat(text(new Report.TableSection(table)))
        .contains("| a\\|b \\*c\\* \\<b> \\`d\\` \\[e\\](f)");
    assertThat(text(new Report.TableSection(table)).lines().filter(l -> l.startsWith("|")))
        .hasSize(3);
    assertThat(text(new Report.Text("", List.of("- no list", "1. none", "# no heading"))))
        .contains("\n\\- no list\n", "\n1\\. none\n", "\n\\# no heading\n");
  }

  @Test
  void partsStandAboveTheirSections() {
    assertThat(text(new Report.Heading("Part"), new Report.Text("Section", List.of("Words."))))
        .isEqualTo("# T\n\nS\n\n## Part\n\n### Section\n\nWords.\n");
  }

  @Test
  void picturesStandBesideTheWords() throws IOException {
    Report report = new Report("T", "", List.of(new Report.BarSection(Samples.bars())), List.of());
    Path file = folder.resolve("r.md");

    List<Path> written = ReportFiles.write(report, file);

    assertThat(written).containsExactly(file, folder.resolve("r-parts.png"));
    assertThat(Files.readString(file)).contains("](<r-parts.png>)");
    assertThat(folder.resolve("r-parts.png")).isNotEmptyFile();
  }

  @Test
  void aFolderHoldsThePageTheWordsAndThePictures() throws IOException {
    Report report = new Report("T", "", List.of(new Report.BarSection(Samples.bars())), List.of());
    Path place = folder.resolve("out");

    assertThat(ReportFiles.writeFolder(report, place))
        .containsExactly(
            place.resolve("report.html"),
            place.resolve("report.md"),
            place.resolve("figures/parts.png"));
    assertThat(Files.readString(place.resolve("report.md"))).contains("](<figures/parts.png>)");
  }

  private static String text(Report.Section... sections) {
    return MarkdownReport.text(
        new Report("T", "S", List.of(sections), List.of()), figure -> figure.name() + ".png");
  }
}
