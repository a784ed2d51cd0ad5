package dev.weir.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.FilePayload;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Directions as a reader makes them.
@ExtendWith(Browser.class)
class DirectionsPageTest {
  private static final String PROMPT = "Lily was happy. Tom was sad.";

  /// The first page of a run waits for the model and the browser's first look at the scripts.
  private static final Page.WaitForSelectorOptions STARTING =
      new Page.WaitForSelectorOptions().setTimeout(60_000);

  private static final int TOKENS = 9;
  private static final Hand.Cell CELL = new Hand.Cell(3, 4);

  private static final LocatorAssertions.HasCountOptions PATIENTLY =
      new LocatorAssertions.HasCountOptions().setTimeout(20_000);

  @TempDir Path folder;

  private Served served;

  @BeforeEach
  void start() {
    served = Served.bundled(folder);
  }

  @AfterEach
  void stop() {
    served.close();
  }

  private Page open(Tab tab) {
    Page page = tab.open(served.link());
    page.waitForSelector(".plane-view[aria-colcount]", STARTING);
    page.fill("#prompt", PROMPT);
    page.press("#prompt", "Enter");
    page.click("#tab-directions");
    page.waitForSelector(".plane-view[aria-colcount='%d']".formatted(TOKENS));
    return page;
  }

  private static void fill(Page page, String name, String value) {
    page.fill(".directions-fields [name=%s]".formatted(name), value);
  }

  private static void make(Page page, int expected) {
    page.click(".directions-submit");
    assertThat(page.locator(".mixer li")).hasCount(expected, PATIENTLY);
  }

  @Test
  void aDirectionMixedWithSlidersGivesTheNumberThatTheArithmeticGives(Tab tab) {
    Page page = open(tab);
    fill(page, "token", " happy");
    make(page, 1);
    page.selectOption(".directions-kind", "neuron");
    fill(page, "layer", "2");
    fill(page, "neuron", "7");
    make(page, 2);
    slide(page, 0, 10);
    slide(page, 1, -5);
    Hand.MOUSE.pin(page, CELL);
    assertThat(page.locator(".portrait-name"))
        .containsText("0.5 × logit ‘·happy’ − 0.25 × neuron L2N7");

    double expected =
        0.5 * dot(Map.of("kind", "unembedding", "token", " happy", "gain", "MULTIPLIED"))
            - 0.25 * dot(Map.of("kind", "neuron", "layer", 2, "neuron", 7));
    assertThat(page.locator(".portrait-dot")).hasText(brief(expected));
  }

  /// Moves a slider by steps of 0.05 from 0 with the keyboard.
  private static void slide(Page page, int item, int steps) {
    Locator slider = page.locator(".mixer input[type=range]").nth(item);
    slider.fill("0");
    slider.focus();
    for (int i = 0; i < Math.abs(steps); i++) {
      slider.press(steps < 0 ? "ArrowLeft" : "ArrowRight");
    }
  }

  /// Where the stream in the pinned cell lies along a direction, as a script asks for it.
  private double dot(Map<String, Object> recipe) {
    Map<String, Object> whole = new HashMap<>(recipe);
    whole.put("model", "m0");
    String direction = served.post("directions", whole).get("id").asString();
    String run = served.post("runs", Map.of("model", "m0", "text", PROMPT)).get("run").asString();
    return served
        .get(
            "runs/%s/plane?reading=dot&direction=%s&places=3:4&positions=4:5"
                .formatted(run, direction))
        .get("values")
        .get(0)
        .get(0)
        .asDouble();
  }

  /// As the page writes a number from 0.001 to 1000.
  private static String brief(double value) {
    assertThat(Math.abs(value)).isBetween(0.001, 1000.0);
    int digits = Math.abs(value) < 1 ? 3 : 4;
    String text =
        new java.math.BigDecimal(value).round(new java.math.MathContext(digits)).toPlainString();
    return text.replace('-', '−');
  }

  @Test
  void componentsAreFoundAndTheirTokensAreLookedUpInTheCorpus(Tab tab) {
    Page page = open(tab);
    page.selectOption(".directions-kind", "pca");
    page.selectOption(".pca-scaling", "Z_SCORED");
    page.fill(".pca-windows", "8");
    page.click(".pca-find");
    assertThat(page.locator(".pca-bars li")).hasCount(64, PATIENTLY);
    page.locator(".pca-bars button").nth(1).click();
    assertThat(page.locator(".portrait-name")).containsText("PC2");

    Hand.MOUSE.pin(page, CELL);
    page.fill(".corpus-windows", "8");
    page.click(".corpus-read");
    assertThat(page.locator(".corpus-examples li")).hasCount(20, PATIENTLY);
    assertThat(page.locator(".corpus-histogram text.pinned")).containsText("pinned");
    page.locator(".corpus-examples button").first().click();
    assertThat(page.locator("#prompt")).not().hasValue(PROMPT);
  }

  @Test
  void aFileIsTakenAndAWrongOneSaysWhyOnThePage(Tab tab) {
    Page page = open(tab);
    page.selectOption(".directions-kind", "file");
    String good = Collections.nCopies(128, "0.5").toString();
    upload(page, "mine.json", good);
    make(page, 1);
    assertThat(page.locator(".portrait-name")).hasText("mine.json");

    tab.expectRefusal(400);
    upload(page, "mine.json", "[1, 2]");
    page.click(".directions-submit");
    assertThat(page.locator("weir-sources [role=alert]"))
        .containsText("A direction has 2 numbers, but the stream of this model has 128");
    assertThat(tab.complaints()).isEmpty();
  }

  private static void upload(Page page, String name, String content) {
    page.setInputFiles(
        "input[type=file]",
        new FilePayload(name, "application/json", content.getBytes(StandardCharsets.UTF_8)));
  }

  /// Moves the first slider, as a script of the page.
  private static final String SLIDE =
      """
      const slide = value => {
        const slider = document.querySelector('.mixer input[type=range]');
        slider.value = value;
        slider.dispatchEvent(new Event('input'));
      };
      """;

  /// Keeps the first slider moving until the plane shows what it says. A slider at rest shows
  /// nothing here: what the parts are together, and their planes, are asked for first.
  private static void slideUntilThePlaneFollows(Page page) {
    page.waitForFunction(
        """
        () => {
          %s
          slide(0.5);
          const plane = document.querySelector('weir-plane');
          return plane.tiles?.mixing && plane.drawn === plane.tiles;
        }
        """
            .formatted(SLIDE));
  }

  @Test
  void thePlaneFollowsASliderFromFrameToFrame(Tab tab) {
    Page page = open(tab);
    fill(page, "token", " happy");
    make(page, 1);
    fill(page, "token", " sad");
    make(page, 2);
    slideUntilThePlaneFollows(page);
    Object changes =
        page.evaluate(
            """
            async () => {
              %s
              const canvas = document.querySelector('.plane-canvas');
              const frame = () => new Promise(requestAnimationFrame);
              let before = '';
              let changes = 0;
              for (let i = 0; i < 60; i++) {
                slide((1 + i %% 19) / 20);
                await frame();
                const now = canvas.toDataURL();
                if (now !== before) changes++;
                before = now;
              }
              return changes;
            }
            """
                .formatted(SLIDE));
    assertThat((int) changes).isGreaterThan(55);
  }

  @Test
  void thePlaneFollowsASliderAlsoWhereAnEarlierAnswerComesLast(Tab tab) {
    Page page = open(tab);
    List<Route> held = new ArrayList<>();
    page.route(
        "**/directions/cosines?*",
        route -> {
          if (held.isEmpty()) {
            held.add(route);
          } else {
            route.resume();
          }
        });
    fill(page, "token", " happy");
    make(page, 1);
    page.waitForCondition(() -> !held.isEmpty());
    String alone = held.getFirst().request().url();
    fill(page, "token", " sad");
    // Of both; the one made first is the first.
    page.waitForResponse(answer -> answer.url().startsWith(alone + "%2C"), () -> make(page, 2));
    page.waitForResponse(answer -> answer.url().equals(alone), held.getFirst()::resume).finished();
    // The script takes what has come between two frames.
    page.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))");
    slideUntilThePlaneFollows(page);
  }
}
