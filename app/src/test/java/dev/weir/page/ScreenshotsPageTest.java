package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import dev.weir.cli.Shell;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The pictures of the page in the documents. They are made when somebody asks for them: `./mvnw
/// -Dquick -pl core,app test -Dtest=ScreenshotsPageTest -Dweir.screenshots=docs/view`. The first
/// time trains the models that are seen, which takes some minutes.
@ExtendWith(Browser.class)
@EnabledIfSystemProperty(
    named = "weir.screenshots",
    matches = ".+",
    disabledReason = "Skipped: pictures are made with -Dweir.screenshots=FOLDER")
class ScreenshotsPageTest {
  private static final long LARGEST = 400_000;

  @TempDir static Path data;

  private static Served served;

  @BeforeAll
  static void serve() {
    Path bundled = Shell.root().resolve("models/weir-stories");
    served = Served.of(data, bundled, Trained.speaking("pre_norm"), Trained.speaking("ddl"));
  }

  @AfterAll
  static void stop() {
    served.close();
  }

  @ParameterizedTest
  @CsvSource({
    "words, m0, 17, tokens across, top, 8, 14",
    "plain, m0, 30, tokens down, top, 8, 14",
    "ddl, m2, 30, tokens across, dot, 6, 13",
    "plain, m1, 1000, tokens across, entropy, 8, 700",
    "ddl, m2, 1000, tokens across, entropy, 8, 700"
  })
  void thePage(
      String name,
      String model,
      int tokens,
      String layout,
      String reading,
      int place,
      int position,
      Tab tab) {
    for (ColorScheme theme : new ColorScheme[] {ColorScheme.LIGHT, ColorScheme.DARK}) {
      tab.theme(theme);
      Page page = tab.open(served.link());
      page.locator("header select").selectOption(model);
      Walks.write(page, Stories.prompt(tokens, 0));
      read(page, reading);
      if (layout.equals("tokens down")) {
        page.locator(".plane-transpose").click();
      }
      pin(page, new Hand.Cell(place, position));
      if (reading.equals("dot")) {
        page.locator("weir-routing").evaluate("panel => panel.scrollIntoView()");
      }
      String file = "%s-%d-%s.png".formatted(name, tokens, theme).toLowerCase(Locale.ROOT);
      Path path = Shell.root().resolve(System.getProperty("weir.screenshots")).resolve(file);
      page.screenshot(new Page.ScreenshotOptions().setPath(path));
      assertThat(path.toFile().length()).as(file).isLessThan(LARGEST);
    }
  }

  /// Chooses what the cells show: a reading, or along the direction of two tokens.
  private static void read(Page page, String reading) {
    if (reading.equals("dot")) {
      Hand.MOUSE.show(page, "Directions");
      page.locator("weir-sources input[name=token]").fill(" Timmy");
      page.locator("weir-sources input[name=less]").fill(" Lily");
      page.locator(".directions-submit").click();
      page.locator(".portrait-name").waitFor();
      Hand.MOUSE.show(page, "Cell");
    } else {
      page.locator(".plane-reading").selectOption(reading);
    }
    Walks.drawn(page);
  }

  /// Pins a cell, waits until its panel is there, and takes the mouse away.
  private static void pin(Page page, Hand.Cell cell) {
    Hand.MOUSE.pin(page, cell);
    page.mouse().move(1, 1);
    page.locator(".axes-sum").first().waitFor();
    page.locator("weir-routing").waitFor();
    page.waitForTimeout(1000);
  }
}
