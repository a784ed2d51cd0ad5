package dev.weir.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Prompts and links that somebody chose who means harm, or did not think.
@ExtendWith(Browser.class)
class HostilePageTest {
  private static final String SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>";

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

  @ParameterizedTest
  @ValueSource(
      strings = {
        SCRIPT,
        "left \u202eright\u202c \u200fleft",
        "bell \u0007 escape \u001b[31m null \u0000 line \u2028",
        "A frog \uD83D\uDC38 and a family \uD83D\uDC68\u200D\uD83D\uDC69\u200D\uD83D\uDC67",
        "${alert(1)} {{alert(2)}} javascript:alert(3)"
      })
  void aPromptIsTextWhateverItSays(String prompt, Tab tab) {
    Page page = tab.open(served.link());
    Walks.write(page, prompt);
    assertThat(page.locator("#prompt")).hasValue(prompt);
    assertThat(page.locator("weir-app script, weir-app img")).hasCount(0);
    assertThat(page.locator(".problem")).hasCount(0);
    Hand.MOUSE.point(page, new Hand.Cell(0, 1));
    assertThat(page.locator(".plane-card").innerText())
        .doesNotContainPattern("[\\p{Cc}\\p{Cf}&&[^\\n\\t]]");
  }

  @Test
  void aPromptThatIsTooLongIsRefusedInWordsAndTheNextOneRuns(Tab tab) {
    Page page = tab.open(served.link());
    Walks.drawn(page);
    tab.expectRefusal(413);
    page.locator("#prompt").fill("frog ".repeat(700));
    page.locator("#prompt").press("Enter");
    assertThat(page.locator(".problem")).containsText("takes at most 512");
    Walks.write(page, "A frog");
    assertThat(page.locator(".problem")).hasCount(0);
  }

  @Test
  void aWrongTokenIsToldAndHowToMendIt(Tab tab) {
    tab.expectRefusal(403);
    Page page = tab.open(URI.create(served.link().toString().replace(Served.TOKEN, "another")));
    assertThat(page.locator(".problem")).containsText("open the link that weir view printed");
  }
}
