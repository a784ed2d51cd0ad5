package dev.weir.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Page.GetByRoleOptions;
import com.microsoft.playwright.options.AriaRole;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The library and the links of the page, by mouse and by keyboard.
@ExtendWith(Browser.class)
class LibraryPageTest {
  private static final String PROMPT = "The cat sat on the mat.";

  @TempDir private Path data;
  private Served served;

  @BeforeEach
  void serve() {
    served = Served.bundled(data);
  }

  @AfterEach
  void stop() {
    served.close();
  }

  private Page open(Tab tab, String fragment) {
    String escaped = fragment.replace("{", "%7B").replace("}", "%7D").replace("\"", "%22");
    Page page = tab.open(URI.create(served.link() + escaped));
    waitForRun(page);
    return page;
  }

  private static void waitForRun(Page page) {
    until(page, "get().run !== null");
  }

  /// Waits until something of the page's state is so.
  private static void until(Page page, String condition) {
    page.waitForCondition(() ->
        page.evaluate(
                "async () => { const {get} = await import('/js/store.js'); return %s; }"
                    .formatted(condition))
            .equals(true));
  }

  private static Object state(Page page, String key) {
    return page.evaluate("async key => (await import('/js/store.js')).get()[key]", key);
  }

  private static Locator button(Page page, String name) {
    return page.getByRole(AriaRole.BUTTON, new GetByRoleOptions().setName(name).setExact(true));
  }

  private static void library(Page page) {
    page.getByRole(AriaRole.TAB, new GetByRoleOptions().setName("Library")).click();
  }

  private static void fill(Page page, String label, String text) {
    page.locator(".library-form").getByLabel(label).fill(text);
  }

  private int width() {
    return served.get("server").get("models").get(0).get("width").intValue();
  }

  private JsonNode keep(String name) {
    double[] numbers = DoubleStream.iterate(1, x -> -0.9 * x).limit(width()).toArray();
    return served.post("library/directions", Map.of("name", name, "numbers", numbers));
  }

  private JsonNode plane(Page page) {
    @SuppressWarnings("unchecked")
    Map<String, Object> run = (Map<String, Object>) state(page, "run");
    @SuppressWarnings("unchecked")
    Map<String, Object> direction = (Map<String, Object>) state(page, "direction");
    return served.get(
        "runs/%s/plane?reading=dot&direction=%s".formatted(run.get("run"), direction.get("id")));
  }

  @Test
  void aKeptDirectionIsUsedAndItsLinkRestoresThePlaneAfterTheServerWasStartedAgain(Tab tab) {
    keep("zig");
    Page page = open(tab, "");
    page.locator("#prompt").fill(PROMPT);
    page.locator("#prompt").press("Enter");
    library(page);
    button(page, "Use zig").click();
    page.waitForURL(Pattern.compile(".*reading=dot.*"));
    waitForRun(page);
    JsonNode before = plane(page);
    String link = page.url();
    assertThat(link).contains("models=weir-stories").doesNotContain(Served.TOKEN);

    stop();
    serve();
    String fragment = link.substring(link.indexOf('#'));
    Page later = open(tab, fragment);
    assertThat(state(later, "prompt")).isEqualTo(PROMPT);
    assertThat(state(later, "reading")).isEqualTo("dot");
    assertThat(plane(later)).isEqualTo(before);
    assertThat(later.locator(".link-said")).isHidden();
  }

  @Test
  void theDirectionThatIsShownIsKeptFromThePage(Tab tab) {
    keep("zig");
    Page page = open(tab, "");
    library(page);
    assertThat(button(page, "Keep this direction")).isDisabled();
    button(page, "Use zig").click();
    button(page, "Keep this direction").click();
    fill(page, "Name", "zag <script>");
    fill(page, "Description", "up and\ndown");
    fill(page, "Tags", "one, two,, one");
    page.keyboard().press("Tab");
    button(page, "Save").click();
    assertThat(page.locator(".library-said")).hasText("The direction was kept.");
    JsonNode kept = served.get("library/directions?search=zag").get("items").get(0);
    assertThat(kept.get("name").stringValue()).isEqualTo("zag <script>");
    assertThat(kept.get("tags").toString()).isEqualTo("[\"one\",\"two\"]");
    assertThat(kept.get("model").stringValue()).isEqualTo("weir-stories");
    assertThat(kept.get("vector"))
        .isEqualTo(served.get("library/directions?search=zig").get("items").get(0).get("vector"));
  }

  @Test
  void allCanBeDoneByKeyboard(Tab tab) {
    keep("zig");
    Page page = open(tab, "#panel=library");
    button(page, "Edit zig").focus();
    page.keyboard().press("Enter");
    page.keyboard().press("Control+A");
    page.keyboard().type("zag");
    page.keyboard().press("Enter");
    assertThat(button(page, "Delete zag")).isVisible();
    button(page, "Delete zag").focus();
    page.keyboard().press("Enter");
    assertThat(button(page, "Undo")).isFocused();
    assertThat(page.getByText("No direction is kept yet")).isVisible();
    page.keyboard().press("Enter");
    assertThat(button(page, "Use zag")).isVisible();
    button(page, "Edit zag").focus();
    page.keyboard().press("Enter");
    page.keyboard().press("Escape");
    assertThat(button(page, "Edit zag")).isFocused();
  }

  @Test
  void twoPagesTellEachOtherOfConflicts(Tab tab, Tab other) {
    keep("zig");
    Page mine = open(tab, "#panel=library");
    Page his = open(other, "#panel=library");
    button(mine, "Edit zig").click();
    button(his, "Edit zig").click();
    fill(his, "Name", "his");
    button(his, "Save").click();
    assertThat(his.locator(".library-said")).hasText("The direction was changed.");
    fill(mine, "Name", "mine");
    tab.expectRefusal(409);
    button(mine, "Save").click();
    assertThat(mine.getByRole(AriaRole.ALERT)).containsText("Somebody else changed");
    assertThat(mine.locator(".library-form").getByLabel("Name")).hasValue("mine");
    button(mine, "Save").click();
    assertThat(mine.locator(".library-said")).hasText("The direction was changed.");
    assertThat(served.get("library/directions/1").get("name").stringValue()).isEqualTo("mine");
  }

  @Test
  void aPinnedViewOpensAsItWas(Tab tab) {
    Page page = open(tab, "#reading=entropy&pinned={\"place\":2,\"position\":3}&transposed=true");
    library(page);
    button(page, "Pin this view").click();
    fill(page, "Name", "a view");
    fill(page, "What is to be seen", "see here");
    button(page, "Save").click();
    Locator link = page.getByRole(AriaRole.LINK, new GetByRoleOptions().setName("a view"));
    assertThat(link).isVisible();
    page.evaluate(
        "async () => (await import('/js/store.js')).update({reading: 'norm', pinned: null, transposed: false})");
    page.waitForURL(Pattern.compile("^[^#]*#((?!entropy).)*$"));
    link.click();
    until(page, "get().reading === 'entropy'");
    assertThat(state(page, "pinned")).isEqualTo(Map.of("place", 2, "position", 3));
    assertThat(state(page, "transposed")).isEqualTo(true);
  }

  @Test
  void aNoteIsAboutThePinnedCell(Tab tab) {
    Page page = open(tab, "#panel=library&pinned={\"place\":2,\"position\":3}");
    button(page, "Write a note").click();
    fill(page, "Note", "here it turns");
    button(page, "Save").click();
    assertThat(page.locator(".library-said")).hasText("The note was kept.");
    JsonNode note = served.get("library/notes/1");
    assertThat(note.get("position").intValue()).isEqualTo(3);
    assertThat(note.get("prompt").stringValue()).startsWith("Once upon a time");
    assertThat(note.get("place").stringValue()).isNotEmpty();
  }

  @Test
  void aLinkToWhatIsGoneSaysSoAndShowsTheRest(Tab tab) {
    Page page =
        open(
            tab,
            "#v=9&models=another&later=1&prompt=Hello&transposed=maybe"
                + "&direction={\"id\":\"00\",\"name\":\"old\"}");
    assertThat(page.locator(".link-said"))
        .containsText(
            Pattern.compile(
                "newer Weir.*transposed could not be read.*model “another”, which is not open.*direction “old” of the link is gone",
                Pattern.DOTALL));
    assertThat(state(page, "prompt")).isEqualTo("Hello");
    button(page, "Close").click();
    assertThat(page.locator(".link-said")).isHidden();
  }

  @Test
  void theLinkIsCopiedWithoutTheToken(Tab tab) {
    Page page = open(tab, "#prompt=%22half%22");
    assertThat(state(page, "prompt")).isEqualTo("half");
    button(page, "Copy link").click();
    String link = (String) page.evaluate("() => navigator.clipboard.readText()");
    assertThat(link).doesNotContain(Served.TOKEN).contains("#v=1&models=weir-stories&prompt=");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"\"a\" & b=c # %20 +", "ש\n\t\u0000", "half \ud83d", "\"", "null", "👩‍👩‍👧"})
  void anyPromptIsTheSameInALink(String prompt, Tab tab) {
    Page page = open(tab, "");
    Object same =
        page.evaluate(
            """
            async json => {
              const {fragment, understood} = await import('/js/link.js');
              const prompt = JSON.parse(json);
              return understood(fragment({v: 1, models: [], prompt})).prompt === prompt;
            }
            """,
            JsonMapper.builder()
                .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
                .build()
                .writeValueAsString(prompt));
    assertThat(same).isEqualTo(true);
  }

  @Test
  void anExportIsImportedAgain(Tab tab) {
    keep("zig");
    Page page = open(tab, "#panel=library");
    Download export = page.waitForDownload(() -> page.getByText("Export everything").click());
    served.ask("DELETE", "library/directions/1?revision=1", Map.of());
    page.locator("input[type=file]").setInputFiles(export.path());
    assertThat(page.locator(".library-said")).hasText("1 added, 0 were there already.");
    assertThat(button(page, "Use zig")).isVisible();
    assertThat(served.get("library").get("directions").size()).isOne();
  }

  @Test
  void aSearchFindsByWords(Tab tab) {
    keep("zig");
    keep("other");
    Page page = open(tab, "#panel=library");
    page.getByLabel("Search").fill("OTH");
    assertThat(button(page, "Use zig")).isHidden();
    assertThat(button(page, "Use other")).isVisible();
    page.getByLabel("Search").fill("nothing");
    assertThat(page.getByText("Nothing here holds these words.").first()).isVisible();
  }
}
