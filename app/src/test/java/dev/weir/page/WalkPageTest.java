package dev.weir.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.microsoft.playwright.Page;
import dev.weir.cli.Shell;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
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
    for (String reading : new String[] {"norm", "entropy", "kl"}) {
      hand.choose(page.locator(".plane-reading"), reading);
      Walks.drawn(page);
      hand.point(page, CELL);
      String shown = page.locator(".plane-card").getAttribute("data-value");
      double number = Double.parseDouble(shown);
      assertThat(number).as(reading).isEqualTo(asked(reading));
      assertThat(number).as(reading).isCloseTo(read(reading), within(1e-5 * Math.abs(number)));
      assertThat(page.locator(".plane-card-number b")).containsText(shown.substring(0, 4));
    }
  }

  /// The number of the cell that the API gives.
  private static double asked(String reading) {
    JsonNode run = served.post("runs", Map.of("model", "m0", "text", PROMPT));
    JsonNode plane =
        served.get("runs/%s/plane?reading=%s".formatted(run.get("run").asString(), reading));
    return plane.get("values").get(CELL.place()).get(CELL.position()).asDouble();
  }

  /// The number of the cell that `weir read` gives.
  private static double read(String reading) {
    Shell.Result result = Shell.here().run("read", "--json", PROMPT);
    JsonNode stream = new JsonMapper().readTree(result.out()).get("tables").get(0);
    String column = reading.equals("kl") ? "kl_to_final" : reading;
    int index = 0;
    while (!stream.get("columns").get(index).get("name").asString().equals(column)) {
      index++;
    }
    String place =
        served
            .post("runs", Map.of("model", "m0", "text", PROMPT))
            .get("places")
            .get(CELL.place())
            .asString();
    for (JsonNode row : stream.get("rows")) {
      if (row.get(0).asInt() == CELL.position() && row.get(2).asString().equals(place)) {
        return row.get(index).asDouble();
      }
    }
    throw new AssertionError("weir read has no such cell");
  }
}
