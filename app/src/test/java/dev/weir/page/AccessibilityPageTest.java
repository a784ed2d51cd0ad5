package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The page as somebody meets it who needs large text, contrast, a keyboard or no motion.
@ExtendWith(Browser.class)
class AccessibilityPageTest {
  private static final List<String> PANELS = List.of("Cell", "Directions", "Change", "Library");

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
  @EnumSource(names = {"LIGHT", "DARK"})
  void noPanelHasABarrier(ColorScheme theme, Tab tab) {
    tab.theme(theme);
    Page page = tab.open(served.link());
    page.waitForSelector("weir-plane canvas");
    for (String panel : PANELS) {
      show(page, panel);
      assertThat(tab.barriers()).as(panel).isEmpty();
    }
  }

  private static void show(Page page, String panel) {
    page.getByRole(AriaRole.TAB, new Page.GetByRoleOptions().setName(panel)).click();
  }
}
