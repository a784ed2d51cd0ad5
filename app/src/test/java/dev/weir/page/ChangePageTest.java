package dev.weir.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The run is changed, and before and after are seen side by side.
@ExtendWith(Browser.class)
class ChangePageTest {
  private static final String PROMPT = "The old frog sat on a wet stone and sang";
  private static final Hand.Cell CELL = new Hand.Cell(5, 4);
  private static final String STORE = "import('/js/store.js')";
  private static final JsonMapper JSON = new JsonMapper();
  private static final Map<String, String> RECIPE =
      Map.of("kind", "unembedding", "model", "m0", "token", " happy", "gain", "left_out");

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

  /// The page with a prompt, a direction and the panel of changes.
  private static Page opened(Tab tab) {
    Page page = tab.open(URI.create(served.link() + "#" + fragment()));
    settled(page);
    page.locator("weir-answers tbody tr").first().waitFor();
    return page;
  }

  private static String fragment() {
    Map<String, ?> chosen = Map.of("id", "gone", "name", "happy", "recipe", RECIPE);
    return "v=1&panel=change&prompt=%s&direction=%s"
        .formatted(escaped(PROMPT), escaped(JSON.writeValueAsString(chosen)));
  }

  private static String escaped(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  /// Waits until the run is that of the changes, and the run beside it is there.
  private static void settled(Page page) {
    String settled =
        """
        import('/js/store.js').then(store => {
          const {busy, run, before, changes, second} = store.get();
          return run !== null && busy === '' && Boolean(before) === Boolean(second || changes.length);
        })
        """;
    page.waitForCondition(() -> page.evaluate(settled).equals(true));
  }

  private static void slide(Locator slider, double value) {
    slider.evaluate(
        "(e, value) => { e.value = value; e.dispatchEvent(new Event('input', {bubbles: true})) }",
        value);
  }

  private static List<String> answers(String before, String after) {
    String asked = "runs/" + after + "/answer?top=8&before=" + before;
    JsonNode answers = served.get(asked + "&position=" + CELL.position());
    return answers.get("tokens").valueStream().map(token -> token.get("text").asString()).toList();
  }

  @ParameterizedTest
  @EnumSource
  void aSliderSteersAndAnswersAndTextsAndPlanesFollow(Hand hand, Tab tab) {
    Page page = opened(tab);
    hand.pin(page, CELL);
    page.locator(".change-scope").selectOption("all");
    hand.press(page.locator(".change-steer"));
    Locator slider = page.locator(".change-slider");
    slider.waitFor();
    page.locator(".change-plane-difference canvas").first().waitFor();
    hand.press(page.getByText("Let it write"));
    page.waitForCondition(() -> texts(page).count() == 2);

    slide(slider, 0);
    Locator moved = page.locator("weir-answers .change-up, weir-answers .change-down");
    assertThat(moved).hasCount(0);
    slide(slider, 3);
    moved.first().waitFor();
    assertThat(page.locator("weir-texts mark").first()).isVisible();

    settled(page);
    String run = run(page, "run");
    String before = run(page, "before");
    assertThat(page.locator("weir-answers table").first().locator("tbody td.token"))
        .hasText(answers(before, run).toArray(String[]::new));
  }

  private static Locator texts(Page page) {
    return page.locator("weir-texts section");
  }

  private static String run(Page page, String key) {
    return (String)
        page.evaluate("key => %s.then(store => store.get()[key].run)".formatted(STORE), key);
  }

  @Test
  void workThatTheServerHasForgottenEndsAndSaysSo(Tab tab) {
    Page page = opened(tab);
    tab.expectRefusal(404);
    page.route(
        "**/api/jobs/*/events", route -> route.fulfill(new Route.FulfillOptions().setStatus(404)));
    page.getByText("Let it write").click();
    assertThat(page.locator("weir-texts .problem")).containsText("begin it again");
    assertThat(page.locator("weir-texts button").last()).isDisabled();
  }

  @Test
  void theDifferencePlaneHasTheDifferenceOfTheCells(Tab tab) {
    Page page = opened(tab);
    Hand.MOUSE.pin(page, CELL);
    page.locator(".change-ablate").click();
    settled(page);
    String drawn =
        """
        import('/js/store.js').then(store => {
          const plane = document.querySelector('.change-plane-difference');
          return plane?.run?.query.second === store.get().run.run && plane.tiles.complete();
        })
        """;
    page.waitForCondition(() -> page.evaluate(drawn).equals(true));

    // A direction that is chosen is what the cells show.
    String direction = (String) page.evaluate(STORE + ".then(store => store.get().direction.id)");
    String compared =
        "compare?first=%s&second=%s&reading=dot&direction=%s"
            .formatted(run(page, "before"), run(page, "run"), direction);
    JsonNode row = served.get(compared).get("difference").get(8);
    for (int position = 0; position < row.size(); position++) {
      Object shown =
          page.evaluate(
              "at => document.querySelector('.change-plane-difference').tiles.value(8, at)",
              position);
      assertThat(((Number) shown).doubleValue()).isEqualTo(row.get(position).asDouble());
    }
    assertThat(row.get(0).asDouble()).isZero();
    assertThat(row.get(CELL.position()).asDouble()).isNotZero();
  }

  @Test
  void changesAreSwitchedOffAndOnAndRemovedAndTheLinkRestoresThem(Tab tab) {
    Page page = opened(tab);
    Hand.MOUSE.pin(page, CELL);
    page.locator(".change-ablate").click();
    page.locator(".change-steer").click();
    Locator entries = page.locator(".change-list li");
    assertThat(entries).hasCount(2);

    entries.first().locator("input[type=checkbox]").uncheck();
    page.waitForCondition(() -> page.url().contains("asides="));
    page.reload();
    assertThat(entries).hasCount(2);
    assertThat(entries.first().locator("input[type=checkbox]")).not().isChecked();
    assertThat(page.locator(".change-slider")).hasCount(1);

    entries.last().getByText("×").click();
    assertThat(entries).hasCount(1);
    page.waitForCondition(() -> page.locator("weir-beside section").count() == 0);
  }

  @Test
  void aSecondPromptStandsBesideAndIsPatchedFrom(Tab tab) {
    Page page = opened(tab);
    page.locator("#second-prompt").fill("The old young frog sat on a wet stone and cried");
    page.getByText("Compare").click();
    page.locator(".change-plane-difference").waitFor();
    assertThat(page.locator(".change-beside")).containsText("gaps are empty");

    Hand.MOUSE.pin(page, new Hand.Cell(3, 9));
    page.locator(".change-scope").selectOption("here");
    page.getByText("Patch the stream here").click();
    assertThat(page.locator(".change-list li")).containsText("Patch 1 resid_mid at 9 from");
    page.waitForCondition(() ->
        page.evaluate(
                "import('/js/store.js').then(s => s.get().busy === '' && s.get().problem === '')")
            .equals(true));
  }
}
