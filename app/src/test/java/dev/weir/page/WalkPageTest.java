package dev.weir.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import dev.weir.cli.Shell;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A walk through the page, as somebody takes it who wants to know where an answer comes from: with
/// a mouse, and with a keyboard alone.
@ExtendWith(Browser.class)
class WalkPageTest {
  private static final String PROMPT = "The old frog sat on a wet stone and sang";
  private static final Hand.Cell CELL = new Hand.Cell(7, 4);

  /// Of the bundled model.
  private static final int WIDTH = 128;

  private static final double EPSILON = 1e-5;

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

  /// The page with the plane of a prompt that was typed.
  private static Page typed(Tab tab, Hand hand) {
    Page page = tab.open(served.link());
    hand.write(page.locator("#prompt"), PROMPT);
    page.keyboard().press("Enter");
    Walks.drawn(page);
    return page;
  }

  @ParameterizedTest
  @EnumSource
  void aCellsNumberIsThatOfTheApiAndOfWeirRead(Hand hand, Tab tab) {
    Page page = typed(tab, hand);
    for (String reading : List.of("norm", "entropy", "kl")) {
      hand.choose(page.locator(".plane-reading"), reading);
      Walks.drawn(page);
      hand.point(page, CELL);
      assertThat(number(page)).as(reading).isEqualTo(asked(reading));
      assertThat(number(page)).as(reading).isCloseTo(read(reading), withinPercentage(1e-3));
      String shown = page.locator(".plane-card-number b").innerText();
      assertThat(Double.parseDouble(shown)).isCloseTo(number(page), withinPercentage(0.1));
    }
  }

  /// The number of the cell that is told about.
  private static double number(Page page) {
    return Double.parseDouble(page.locator(".plane-card").getAttribute("data-value"));
  }

  private static JsonNode run() {
    return served.post("runs", Map.of("model", "m0", "text", PROMPT));
  }

  private static List<String> places() {
    return run().get("places").valueStream().map(JsonNode::asString).toList();
  }

  /// The number of the cell that the API gives.
  private static double asked(String reading) {
    JsonNode plane =
        served.get("runs/%s/plane?reading=%s".formatted(run().get("run").asString(), reading));
    return plane.get("values").get(CELL.place()).get(CELL.position()).asDouble();
  }

  /// The number of the cell that `weir read` gives.
  private static double read(String reading) {
    Shell.Result result = Shell.here().run("read", "--json", PROMPT);
    JsonNode stream = new JsonMapper().readTree(result.out()).get("tables").get(0);
    List<String> columns =
        stream.get("columns").valueStream().map(column -> column.get("name").asString()).toList();
    int column = columns.indexOf(reading.equals("kl") ? "kl_to_final" : reading);
    String place = places().get(CELL.place());
    return stream
        .get("rows")
        .valueStream()
        .filter(row -> row.get(0).asInt() == CELL.position() && row.get(2).asString().equals(place))
        .findFirst()
        .orElseThrow()
        .get(column)
        .asDouble();
  }

  @ParameterizedTest
  @EnumSource
  void aPinnedCellStaysWhenTheAxesChangePlaces(Hand hand, Tab tab) {
    Page page = typed(tab, hand);
    hand.pin(page, CELL);
    assertThat(page.locator("weir-axes")).containsText("at " + places().get(CELL.place()));
    hand.press(page.locator(".plane-transpose"));
    hand.point(page, CELL);
    assertThat(number(page)).isEqualTo(asked("norm"));
    assertThat(page.locator("weir-axes")).containsText("at " + places().get(CELL.place()));
  }

  @ParameterizedTest
  @EnumSource
  void aDirectionMixedWithSlidersIsTheSumOfItsParts(Hand hand, Tab tab) {
    Page page = typed(tab, hand);
    hand.pin(page, CELL);
    hand.show(page, "Directions");
    make(page, hand, " happy");
    make(page, hand, " sad");
    Locator sliders = page.locator("weir-mixer input[type=range]");
    assertThat(sliders).hasCount(2);
    hand.slide(sliders.nth(0), 0.5);
    hand.slide(sliders.nth(1), -0.25);
    double happy = Double.parseDouble(sliders.nth(0).inputValue());
    double sad = Double.parseDouble(sliders.nth(1).inputValue());
    hand.point(page, CELL);
    // A row of the unembedding times the gain, along the stream, is the lens's logit times the
    // scale
    // of the final norm, which for RMS norm is the stream's length over the root of its width.
    double scale = Math.sqrt(Math.pow(asked("norm"), 2) / WIDTH + EPSILON);
    double sum = happy * asked("logit&token=%20happy") + sad * asked("logit&token=%20sad");
    page.waitForCondition(() -> Math.abs(number(page) - scale * sum) < 1e-4);
    assertThat(Math.abs(happy)).isBetween(0.3, 0.7);
    assertThat(sad).isNegative();
  }

  private static void make(Page page, Hand hand, String token) {
    hand.write(page.locator("weir-sources input[name=token]"), token);
    hand.press(page.getByText("Make the direction"));
    assertThat(page.locator(".portrait-name")).containsText(token.strip());
  }

  @ParameterizedTest
  @EnumSource
  void whatWasSavedIsThereWhenTheLinkIsOpenedAgain(Hand hand, Tab tab) {
    Page page = typed(tab, hand);
    hand.pin(page, CELL);
    hand.show(page, "Directions");
    make(page, hand, " happy");
    hand.show(page, "Library");
    hand.press(page.getByText("Keep this direction"));
    String name = "gladness by " + hand;
    hand.write(page.getByLabel("Name"), name);
    hand.press(page.getByText("Save").last());
    assertThat(page.locator("weir-library")).containsText(name);
    page.waitForURL(Pattern.compile(".*direction=.*pinned=.*panel=library.*"));
    page.reload();
    Walks.drawn(page);
    assertThat(page.locator("#prompt")).hasValue(PROMPT);
    assertThat(page.locator("weir-library")).containsText(name);
    hand.point(page, CELL);
    double scale = Math.sqrt(Math.pow(asked("norm"), 2) / WIDTH + EPSILON);
    assertThat(number(page)).isCloseTo(scale * asked("logit&token=%20happy"), within(1e-4));
  }

  @Test
  void backAndForwardWalkThroughWhatWasShown(Tab tab) {
    Page page = typed(tab, Hand.MOUSE);
    Hand.MOUSE.pin(page, CELL);
    page.waitForURL(Pattern.compile(".*pinned=.*"));
    Walks.write(page, "Another story");
    page.waitForURL(Pattern.compile(".*prompt=Another.*"));
    Walks.write(page, "A third");
    page.waitForURL(Pattern.compile(".*prompt=A.third.*"));
    page.goBack();
    assertThat(page.locator("#prompt")).hasValue("Another story");
    page.goBack();
    assertThat(page.locator("#prompt")).hasValue(PROMPT);
    assertThat(page.locator("weir-axes")).containsText("at " + places().get(CELL.place()));
    page.goForward();
    assertThat(page.locator("#prompt")).hasValue("Another story");
    page.goForward();
    assertThat(page.locator("#prompt")).hasValue("A third");
    Walks.drawn(page);
  }

  @ParameterizedTest
  @EnumSource
  void steeringMovesTheAnswerAsAScriptIsTold(Hand hand, Tab tab) {
    Page page = typed(tab, hand);
    hand.pin(page, CELL);
    hand.show(page, "Directions");
    make(page, hand, " happy");
    hand.show(page, "Change");
    hand.press(page.locator(".change-steer"));
    hand.write(page.locator(".change-coefficient"), "2.5");
    page.keyboard().press("Tab");
    JsonNode answer = steered(2.5).get("tokens").get(0);
    Locator row = page.locator(".change-answers tbody tr").first();
    assertThat(row).containsText(answer.get("text").asString());
    double after = answer.get("after").get("logit").asDouble();
    page.waitForCondition(() -> Math.abs(cell(row, 3) - after) < 0.01);
    assertThat(answer.get("before").get("logit").asDouble()).isNotCloseTo(after, within(0.1));
  }

  private static double cell(Locator row, int column) {
    return Double.parseDouble(row.locator("td").nth(column).innerText().replace('−', '-'));
  }

  /// What the model says after the position of the cell when a script steers there.
  private static JsonNode steered(double coefficient) {
    Map<String, String> happy =
        Map.of("kind", "unembedding", "model", "m0", "token", " happy", "gain", "multiplied");
    String direction = served.post("directions", happy).get("id").asString();
    String run = run().get("run").asString();
    String spot = "runs/%s/spot?place=%d".formatted(run, CELL.place());
    Map<String, Object> steer =
        Map.of(
            "kind",
            "steer",
            "hook",
            served.get(spot).get("hook").asString(),
            "direction",
            direction,
            "coefficient",
            coefficient,
            "unit",
            "stream",
            "positions",
            List.of(CELL.position()));
    String changed =
        served
            .post("runs", Map.of("model", "m0", "text", PROMPT, "changes", List.of(steer)))
            .get("run")
            .asString();
    return served.get("runs/%s/answer?position=%d&top=8".formatted(changed, CELL.position()));
  }

  @ParameterizedTest
  @EnumSource
  void whatIsOnScreenOpensFromDisk(Hand hand, Tab tab, Tab disk) {
    Page page = typed(tab, hand);
    for (String format : List.of("PNG", "SVG", "CSV", "HTML")) {
      hand.press(page.getByText("Export").first());
      Download download =
          page.waitForDownload(() -> hand.pick(page.getByRole(AriaRole.MENUITEM), format));
      assertThat(download.suggestedFilename()).endsWith("." + format.toLowerCase(Locale.ROOT));
      download.saveAs(data.resolve(hand + "." + format));
    }
    Page opened = disk.open(data.resolve(hand + ".HTML").toUri());
    opened.locator("figure").focus();
    opened.keyboard().press("ArrowRight");
    double shown =
        Double.parseDouble(
            opened.locator("#tip").innerText().replaceAll("(?s)Length ([0-9.]+).*", "$1"));
    JsonNode plane =
        served.get("runs/%s/plane?reading=norm".formatted(run().get("run").asString()));
    assertThat(shown)
        .isCloseTo(plane.get("values").get(0).get(0).asDouble(), withinPercentage(0.1));
  }
}
