package dev.weir.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.FilePayload;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// Directions as a reader makes them.
@ExtendWith(Browser.class)
class DirectionsPageTest {
  private static final String PROMPT = "Lily was happy. Tom was sad.";

  @TempDir Path folder;

  private Served served;

  @BeforeEach
  void start() {
    served = new Served(folder);
  }

  @AfterEach
  void stop() {
    served.close();
    assertThat(served.faults()).isEmpty();
  }

  private Page open(Tab tab) {
    Page page = tab.open(URI.create(served.server().link()));
    page.fill("#prompt", PROMPT);
    page.press("#prompt", "Enter");
    page.click("#tab-directions");
    return page;
  }

  private static void fill(Page page, String name, String value) {
    page.fill(".directions-fields [name=%s]".formatted(name), value);
  }

  private static void make(Page page, int expected) {
    page.click(".directions-submit");
    assertThat(page.locator(".mixer li")).hasCount(expected);
  }

  /// Pins a cell with the keyboard: so many places down and tokens to the right of the first.
  private static void pin(Page page, int place, int position) {
    Locator plane = page.locator(".plane-view");
    plane.focus();
    plane.press("Home");
    for (int i = 0; i < place; i++) {
      plane.press("ArrowDown");
    }
    for (int i = 0; i < position; i++) {
      plane.press("ArrowRight");
    }
    plane.press("Enter");
  }

  @Test
  void aDirectionMixedWithSlidersGivesTheNumberThatTheArithmeticGives(Tab tab) throws Exception {
    Page page = open(tab);
    fill(page, "token", " happy");
    make(page, 1);
    page.selectOption(".directions-kind", "neuron");
    fill(page, "layer", "2");
    fill(page, "neuron", "7");
    make(page, 2);
    slide(page, 0, 10);
    slide(page, 1, -5);
    pin(page, 3, 4);
    assertThat(page.locator(".portrait-name")).containsText("0.5 × logit ‘·happy’ − 0.25 × neuron L2N7");

    JsonNode run = served.run(PROMPT);
    double expected = 0.5 * dot(run, token()) - 0.25 * dot(run, neuron());
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

  private static String token() {
    return "{\"kind\": \"unembedding\", \"model\": \"m0\", \"token\": \" happy\", \"gain\": \"multiplied\"}";
  }

  private static String neuron() {
    return "{\"kind\": \"neuron\", \"model\": \"m0\", \"layer\": 2, \"neuron\": 7}";
  }

  /// The stream at place 3, position 4 along a direction, as a program asks for it.
  private double dot(JsonNode run, String recipe) throws Exception {
    String id = Served.json(served.post("/api/directions", recipe)).get("id").asString();
    String path =
        "/api/runs/%s/plane?reading=dot&direction=%s&places=3:4&positions=4:5"
            .formatted(run.get("run").asString(), id);
    return Served.json(served.get(path)).get("values").get(0).get(0).asDouble();
  }

  /// As the page writes a number from 0.001 to 1000.
  private static String brief(double value) {
    assertThat(Math.abs(value)).isBetween(0.001, 1000.0);
    int digits = Math.abs(value) < 1 ? 3 : 4;
    String text = new java.math.BigDecimal(value).round(new java.math.MathContext(digits)).toPlainString();
    return text.replace('-', '−');
  }

  @Test
  void componentsAreFoundAndTheirTokensAreLookedUpInTheCorpus(Tab tab) {
    Page page = open(tab);
    page.selectOption(".directions-kind", "pca");
    page.selectOption(".pca-scaling", "Z_SCORED");
    page.fill(".pca-windows", "8");
    page.click(".pca-find");
    page.waitForTimeout(4000);
    System.out.println(page.locator("weir-components").innerText());
    page.screenshot(new Page.ScreenshotOptions().setPath(Path.of("/tmp/scratch-directions/pca.png")));
    assertThat(page.locator(".pca-bars li")).hasCount(64);
    page.locator(".pca-bars button").nth(1).click();
    assertThat(page.locator(".portrait-name")).containsText("PC2");

    pin(page, 3, 4);
    page.fill(".corpus-windows", "8");
    page.click(".corpus-read");
    assertThat(page.locator(".corpus-examples li")).hasCount(20);
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

  @Test
  void slidersRecolourThePlaneThirtyTimesASecond(Tab tab) {
    Page page = open(tab);
    fill(page, "token", " happy");
    make(page, 1);
    fill(page, "token", " sad");
    make(page, 2);
    Object rate =
        page.evaluate(
            """
            async () => {
              const slider = document.querySelector('.mixer input[type=range]');
              const canvas = document.querySelector('.plane-canvas');
              const seen = new Set();
              const began = performance.now();
              for (let i = 0; i < 60; i++) {
                slider.value = (i % 20) / 20;
                slider.dispatchEvent(new Event('input'));
                await new Promise(requestAnimationFrame);
                seen.add(canvas.toDataURL());
              }
              return [seen.size, (performance.now() - began) / 1000];
            }
            """);
    System.out.println("RATE " + rate);
    assertThat(within(1.0)).isNotNull();
    page.screenshot(new Page.ScreenshotOptions().setPath(Path.of("/tmp/scratch-directions/mix.png")));
  }
}
