package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// A walk through the page, as somebody takes it who wants to know where an answer comes from.
@ExtendWith(Browser.class)
class WalkPageTest {
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

  @Test
  void thePageOpensWithThePlaneOfAPrompt(Tab tab) {
    Page page = tab.open(served.link());
    page.waitForSelector("weir-plane canvas");
    assertThat(page.title()).contains("Weir");
    assertThat(page.url()).doesNotContain("token");
  }
}
