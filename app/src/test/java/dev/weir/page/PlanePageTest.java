package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.BoundingBox;
import dev.weir.page.run.Models;
import dev.weir.view.TokenText;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// The plane: numbers under the mouse, ways by keyboard, both ways round, scales.
@ExtendWith(Browser.class)
class PlanePageTest {
  private static final String COMPLETE =
      "() => document.querySelector('weir-plane')?.tiles?.complete()";

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

  private static Page open(Tab tab) {
    Page page = tab.open(served.link());
    page.waitForFunction(COMPLETE);
    return page;
  }

  private static void hover(Page page, int place, int position) {
    BoundingBox box = CellBox.of(page, place, position);
    // A mouse that is there already does not move.
    page.mouse().move(box.x + box.width / 2, box.y + box.height / 2 - 3);
    page.mouse().move(box.x + box.width / 2, box.y + box.height / 2);
  }

  private static double number(Page page) {
    Locator card = page.locator(".plane-card");
    card.waitFor();
    return Double.parseDouble(card.getAttribute("data-value"));
  }

  private static JsonNode plane(Page page, String reading) {
    String run = (String) page.evaluate("document.querySelector('weir-plane').run.run");
    return served.get("runs/%s/plane?reading=%s".formatted(run, reading)).get("values");
  }

  private static void choose(Page page, String reading) {
    page.locator(".plane-reading").selectOption(reading);
    page.waitForFunction(COMPLETE);
  }

  // ---------------------------------------------------------------- by mouse

  @Test
  void theNumberUnderTheMouseIsTheServers(Tab tab) {
    Page page = open(tab);
    for (String reading : List.of("norm", "turn", "top", "entropy", "kl", "rank", "logit")) {
      choose(page, reading);
      hover(page, 7, 9);
      assertThat(number(page)).as(reading).isEqualTo(plane(page, reading).get(7).get(9).asDouble());
    }
  }

  @Test
  void aReadingThatIsLeftAndTakenUpAtOnceIsShown(Tab tab) {
    Page page = open(tab);
    page.evaluate(
        """
        import('/js/store.js').then(store => {
          for (const reading of ['turn', 'change', 'turn']) store.update({reading});
        })
        """);
    Walks.drawn(page);
    hover(page, 7, 9);
    assertThat(number(page)).isEqualTo(plane(page, "turn").get(7).get(9).asDouble());
  }

  @Test
  void aGlanceNamesTheLikeliestTokensAndWhoWrote(Tab tab) {
    Page page = open(tab);
    hover(page, 7, 9);
    Locator card = page.locator(".plane-card[data-complete=true]");
    card.waitFor();
    assertThat(card.textContent())
        .contains("·little", "position 9", "3_mid", "The lens says", "·girl", "3_attn_out", "L3H1");
  }

  @Test
  void aClickPinsACellAndAnotherUnpinsIt(Tab tab) {
    Page page = open(tab);
    BoundingBox box = CellBox.of(page, 4, 6);
    page.mouse().click(box.x + 4, box.y + 4);
    assertThat(pinned(page)).isEqualTo(Map.of("place", 4, "position", 6));
    page.mouse().click(box.x + 4, box.y + 4);
    assertThat(pinned(page)).isNull();
  }

  private static Object pinned(Page page) {
    return page.evaluate("import('/js/store.js').then(store => store.get().pinned)");
  }

  @Test
  void transposedTheSameCellLiesTheOtherWay(Tab tab) {
    Page page = open(tab);
    BoundingBox before = CellBox.of(page, 0, 5);
    page.locator(".plane-transpose").click();
    BoundingBox after = CellBox.of(page, 0, 5);
    assertThat(after.x).isLessThan(before.x);
    assertThat(after.y).isGreaterThan(before.y);
    hover(page, 7, 9);
    assertThat(number(page)).isEqualTo(plane(page, "norm").get(7).get(9).asDouble());
  }

  @Test
  @SuppressWarnings("unchecked")
  void cellsThatAreLargeEnoughSayTheirWord(Tab tab) {
    Page page = open(tab);
    choose(page, "top");
    page.locator("[aria-label='Larger cells']").click(new Locator.ClickOptions().setClickCount(4));
    List<String> texts =
        (List<String>)
            page.evaluate(
                """
                () => {
                  const texts = [];
                  const draw = CanvasRenderingContext2D.prototype.fillText;
                  CanvasRenderingContext2D.prototype.fillText = function (text, ...at) {
                    texts.push(text);
                    draw.call(this, text, ...at);
                  };
                  document.querySelector('weir-plane').paint();
                  CanvasRenderingContext2D.prototype.fillText = draw;
                  return texts;
                }
                """);
    assertThat(texts).contains("·girl", "·little", "3_mid");
  }

  // ---------------------------------------------------------------- scale

  @Test
  void theFirstPositionIsLeftOutOfTheScaleUntilItIsAskedFor(Tab tab) {
    Page page = open(tab);
    JsonNode norms = plane(page, "norm");
    assertThat(highest(page)).isEqualTo(shown(largest(norms, 1)));
    page.locator(".plane-skip").uncheck();
    assertThat(highest(page)).isEqualTo(shown(largest(norms, 0)));
    assertThat(largest(norms, 0)).isGreaterThan(largest(norms, 1));
  }

  private static double largest(JsonNode rows, int from) {
    return IntStream.range(0, rows.size())
        .mapToObj(rows::get)
        .flatMapToDouble(
            row -> IntStream.range(from, row.size()).mapToDouble(i -> row.get(i).asDouble()))
        .max()
        .orElseThrow();
  }

  private static String shown(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  private static String highest(Page page) {
    return page.locator(".plane-ticks span").last().textContent();
  }

  @Test
  void aScaleAroundZeroIsAsLongOnBothSides(Tab tab) {
    Page page = open(tab);
    choose(page, "logit");
    Locator ticks = page.locator(".plane-ticks span");
    assertThat(ticks.nth(1).textContent()).isEqualTo("0");
    assertThat(ticks.first().textContent()).isEqualTo("−" + ticks.last().textContent());
  }

  @Test
  void aFixedScaleStaysWhereItWasPut(Tab tab) {
    Page page = open(tab);
    page.locator(".plane-range").selectOption("fixed");
    page.locator(".plane-low").fill("1");
    page.locator(".plane-low").press("Tab");
    page.locator(".plane-high").fill("4");
    page.locator(".plane-high").press("Tab");
    assertThat(page.locator(".plane-ticks").textContent()).isEqualTo("12.5004");
    choose(page, "turn");
    assertThat(page.locator(".plane-ticks").textContent()).isEqualTo("12.5004");
  }

  // ---------------------------------------------------------------- by keyboard

  @Test
  void theArrowsWalkEnterPinsAndEscapeCloses(Tab tab) {
    Page page = open(tab);
    page.locator(".plane-view").focus();
    page.keyboard().press("ArrowDown");
    assertThat(said(page)).contains("position 0", "place 0_pre");
    page.keyboard().press("ArrowDown");
    page.keyboard().press("ArrowRight");
    page.keyboard().press("ArrowRight");
    assertThat(said(page)).contains("·upon", "position 2", "place 0_mid", "Length");
    assertThat(number(page)).isEqualTo(plane(page, "norm").get(1).get(2).asDouble());
    page.keyboard().press("Enter");
    assertThat(pinned(page)).isEqualTo(Map.of("place", 1, "position", 2));
    page.keyboard().press("Control+End");
    assertThat(said(page)).contains("place final_post");
    page.keyboard().press("Home");
    assertThat(said(page)).contains("position 0", "place final_post");
    page.keyboard().press("Escape");
    assertThat(pinned(page)).isNull();
    page.keyboard().press("Escape");
    assertThat(page.locator(".plane-card").isVisible()).isFalse();
  }

  private static String said(Page page) {
    return page.locator(".plane-said").textContent();
  }

  @Test
  void aCellThatIsWalkedToIsScrolledIntoView(Tab tab) {
    Page page = open(tab);
    page.locator(".plane-view").focus();
    for (int i = 0; i < 8; i++) {
      page.keyboard().press("+");
    }
    page.keyboard().press("ArrowDown");
    page.keyboard().press("Control+End");
    BoundingBox view = page.locator(".plane-view").boundingBox();
    BoundingBox cell = CellBox.of(page, 12, 22);
    assertThat(cell.x + cell.width).isCloseTo(view.x + view.width, within(20.0));
    assertThat(cell.y + cell.height).isLessThanOrEqualTo(view.y + view.height);
    page.keyboard().press("0");
    assertThat(CellBox.of(page, 12, 22).width).isLessThan(cell.width);
  }

  // ---------------------------------------------------------------- hostile tokens

  @Test
  void tokensThatWouldDisturbAPageAreShownAsText(Tab tab) {
    List<Models.Source> hostile = List.of(new Models.Source("<b>&", HostileTokens::model));
    try (Served other = new Served(data, hostile)) {
      Page page = tab.open(other.link());
      page.waitForSelector("#prompt");
      page.waitForTimeout(200);
      page.locator("#prompt").fill("0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
      page.locator("#prompt").press("Enter");
      page.waitForFunction("() => document.querySelector('weir-plane')?.run?.tokens.length === 16");
      choose(page, "top");
      for (int i = 0; i < 16; i++) {
        hover(page, 3, i);
        assertThat(page.locator(".plane-card-place .token").textContent())
            .isEqualTo(TokenText.visible(HostileTokens.TOKENS.get(i)));
      }
      assertThat(page.locator("weir-plane script, weir-plane img, weir-plane b b").count())
          .isZero();
      assertThat(tab.complaints()).allMatch(said -> said.startsWith("refused with 4"));
    }
  }
}
