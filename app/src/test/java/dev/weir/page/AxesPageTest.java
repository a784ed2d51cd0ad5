package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.BoundingBox;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// The panel of the pinned cell: read, walked by mouse and by keys, and turned with the plane.
@ExtendWith(Browser.class)
class AxesPageTest {
  @TempDir static Path data;

  private static Served served;

  @BeforeAll
  static void serve() {
    served = Served.bundled(data);
  }

  @AfterAll
  static void stop() {
    served.close();
  }

  private static final String STORE = "import('/js/store.js').then(s => s.get().%s)";

  private static Page pinned(Tab tab, int place, int position) {
    Page page = tab.open(served.link());
    page.waitForSelector("weir-plane canvas");
    page.waitForFunction("() => import('/js/store.js').then(s => s.get().run !== null)");
    page.waitForFunction("() => document.querySelector('weir-plane').grid !== undefined");
    BoundingBox box = CellBox.of(page, place, position);
    page.mouse().click(box.x + box.width / 2, box.y + box.height / 2);
    page.waitForSelector("weir-along-depth tbody tr");
    page.waitForSelector("weir-along-sequence tbody tr");
    return page;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Integer> pin(Page page) {
    return (Map<String, Integer>) page.evaluate(STORE.formatted("pinned"));
  }

  @Test
  void aSharesNumberIsThatOfTheInterface(Tab tab) {
    Page page = pinned(tab, 7, 9);
    String run = (String) page.evaluate(STORE.formatted("run.run"));
    JsonNode depth = served.get("runs/%s/cells/7/9/depth".formatted(run));
    Locator row = page.locator("weir-along-depth tr[data-part='1_mlp_out']");
    double shown = Double.parseDouble(row.locator("td").nth(1).textContent().replace(" %", ""));
    for (JsonNode part : depth.get("parts")) {
      if (part.get("label").asString().equals("1_mlp_out")) {
        assertThat(shown / 100).isCloseTo(part.get("share").asDouble(), within(.0051));
      }
    }
    assertThat(page.locator(".axes-sum").textContent()).contains("100.00 %");
    assertThat(page.locator("weir-along-depth tbody tr").count())
        .isEqualTo(depth.get("parts").size());
    assertThat((int) page.evaluate(STORE.formatted("highlights.length"))).isPositive();
  }

  @Test
  void aClickOnASourceWalksAlongTheSequenceAndBack(Tab tab) {
    Page page = pinned(tab, 7, 9);
    Locator source = page.locator("weir-along-sequence .axes-go").first();
    int position = Integer.parseInt(source.getAttribute("data-position"));
    source.click();
    assertThat(pin(page)).isEqualTo(Map.of("place", 6, "position", position));
    page.locator("weir-axes button", new Page.LocatorOptions().setHasText("Back")).click();
    assertThat(pin(page)).isEqualTo(Map.of("place", 7, "position", 9));
  }

  @Test
  void keysWalkAlongDepth(Tab tab) {
    Page page = pinned(tab, 7, 9);
    page.locator("weir-along-depth tr[data-part='2_mlp_out'] button").focus();
    page.keyboard().press("Enter");
    assertThat(pin(page)).isEqualTo(Map.of("place", 5, "position", 9));
    page.waitForFunction(
        "() => document.querySelectorAll('weir-along-depth tbody tr').length === 6");
  }

  @Test
  void headsAndLogitsAreAPressAway(Tab tab) {
    Page page = pinned(tab, 7, 9);
    page.locator("weir-along-depth input[type=checkbox]").check();
    page.waitForSelector("weir-along-depth tr[data-part='L3H1']");
    page.locator("weir-along-depth button", new Page.LocatorOptions().setHasText("Logit")).click();
    page.waitForFunction(
        "() => document.querySelector('.axes-sum').textContent.startsWith('Logit of')");
  }

  @Test
  void theAxesChangePlacesWithThePlane(Tab tab) {
    Page page = pinned(tab, 7, 9);
    Locator first = page.locator(".axes-both h3").first();
    assertThat(first.textContent()).isEqualTo("Along the sequence");
    page.evaluate("import('/js/store.js').then(s => s.update({transposed: true}))");
    page.waitForFunction(
        "() => document.querySelector('.axes-both h3').textContent === 'Along depth'");
    assertThat(page.locator(".axes-both h3").allTextContents())
        .containsExactly("Along depth", "Along the sequence");
  }
}
