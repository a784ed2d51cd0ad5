package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// What is on screen leaves the page as a file, by mouse and by keyboard, and opens from disk.
@ExtendWith(Browser.class)
class ExportPageTest {
  @TempDir static Path data;
  @TempDir Path downloads;

  private static Served served;

  @BeforeAll
  static void serve() {
    served = Served.bundled(data);
  }

  @AfterAll
  static void stop() {
    served.close();
  }

  @Test
  void aTableHasTheNumbersThatThePageShows(Tab tab) throws IOException {
    Page page = open(tab);

    Path csv = saved(page, () -> choose(page, "CSV"));

    String run = csv.getFileName().toString().replaceAll("weir-norm-(.*)\\.csv", "$1");
    JsonNode values = served.get("runs/" + run + "/plane?reading=norm").get("values");
    String[] fields = Files.readAllLines(csv).get(1).split(",", -1);
    assertThat(Double.parseDouble(fields[fields.length - 2]))
        .isEqualTo(values.get(0).get(0).asDouble());
    assertThat(Files.readAllLines(csv)).hasSize(1 + values.size() * values.get(0).size());
  }

  @Test
  void aPageOpensFromDiskAndTellsItsNumbersByMouseAndByKeyboard(Tab tab, Tab disk)
      throws IOException {
    Page page = open(tab);
    page.keyboard().press("Escape");
    page.getByRole(AriaRole.BUTTON, exactly("Export")).focus();

    Path file =
        saved(
            page,
            () -> {
              page.keyboard().press("Enter");
              page.keyboard().press("End");
              page.keyboard().press("Enter");
            });

    assertThat(file).hasExtension("html");
    Page opened = disk.open(URI.create(file.toUri().toString()));
    Locator tip = opened.locator("#tip");
    opened.locator("figure").focus();
    opened.keyboard().press("ArrowRight");
    assertThat(tip.textContent()).startsWith("Length ").contains("0_pre");
    opened.locator("figure rect").nth(30).hover();
    assertThat(tip.isVisible()).isTrue();
    assertThat(opened.locator("footer").textContent())
        .contains("Raw coordinates", "Link: http://127.0.0.1:")
        .doesNotContain(Served.TOKEN);
    assertThat(opened.title()).isEqualTo("The residual stream of weir-stories");
  }

  @Test
  void aTransposedDarkScreenIsATransposedDarkPicture(Tab tab) throws IOException {
    Page page = open(tab);
    page.getByRole(AriaRole.BUTTON, exactly("Light or dark")).click();
    page.getByRole(AriaRole.BUTTON, exactly("Transpose")).click();

    String svg = Files.readString(saved(page, () -> choose(page, "SVG")));

    assertThat(svg).contains("fill=\"#16181c\"");
    assertThat(svg.indexOf(">place<")).isLessThan(svg.indexOf(">token<"));
  }

  @Test
  void theMenuIsLeftWithEscapeAndTheFocusReturns(Tab tab) {
    Page page = open(tab);
    Locator button = page.getByRole(AriaRole.BUTTON, exactly("Export"));
    button.click();
    Locator menu = page.getByRole(AriaRole.MENU);
    assertThat(menu.isVisible()).isTrue();

    page.keyboard().press("ArrowDown");
    page.keyboard().press("Escape");

    assertThat(menu.isVisible()).isFalse();
    assertThat(button.evaluate("e => e === document.activeElement")).isEqualTo(true);
  }

  private static Page open(Tab tab) {
    Page page = tab.open(served.link());
    page.locator(".plane-legend-title", new Page.LocatorOptions().setHasText("Length")).waitFor();
    return page;
  }

  private static void choose(Page page, String format) {
    page.getByRole(AriaRole.BUTTON, exactly("Export")).click();
    page.getByRole(AriaRole.MENUITEM).getByText(format).click();
  }

  private static Page.GetByRoleOptions exactly(String name) {
    return new Page.GetByRoleOptions().setName(name).setExact(true);
  }

  private Path saved(Page page, Runnable choice) {
    Download download = page.waitForDownload(choice);
    Path file = downloads.resolve(download.suggestedFilename());
    download.saveAs(file);
    return file;
  }
}
