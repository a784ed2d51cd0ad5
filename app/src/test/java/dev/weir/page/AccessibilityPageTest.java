package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.ReducedMotion;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The page as somebody meets it who needs large text, contrast, a keyboard or no motion.
@ExtendWith(Browser.class)
class AccessibilityPageTest {
  private static final List<String> PANELS = List.of("Cell", "Directions", "Change", "Library");

  private static final int MOST_CONTROLS = 150;

  /// What has the focus: its label, its words, its id or its class, whichever it has first.
  private static final String FOCUSED =
      """
      (() => {
        const at = document.activeElement;
        if (!at || at === document.body) return '';
        const shown = getComputedStyle(at);
        if (shown.outlineStyle === 'none' || parseFloat(shown.outlineWidth) === 0) {
          return 'no outline: ' + at.outerHTML;
        }
        const name = at.labels?.[0]?.innerText.split('\\n')[0].trim();
        const words = ['BUTTON', 'A'].includes(at.tagName) ? at.innerText.trim() : '';
        return at.id || at.ariaLabel && at.className !== 'plane-view' && at.ariaLabel
          || name || words || at.className || at.outerHTML;
      })()
      """;

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
    Page page = opened(tab);
    for (String panel : PANELS) {
      show(page, panel);
      assertThat(tab.barriers()).as(panel).isEmpty();
    }
    page.getByText("Export").first().click();
    assertThat(tab.barriers()).as("the menu of formats").isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"LIGHT", "DARK"})
  void atTwiceTheSizeNothingStandsBesideThePage(ColorScheme theme, Tab tab) {
    tab.theme(theme);
    Page page = opened(tab);
    page.setViewportSize(720, 450);
    for (String panel : PANELS) {
      show(page, panel);
      assertThat(page.evaluate("document.documentElement.scrollWidth")).as(panel).isEqualTo(720);
      assertThat(tab.barriers()).as(panel).isEmpty();
    }
  }

  @Test
  void tabLeadsThroughAllControlsInTheirOrderAndOutAgain(Tab tab) {
    Page page = opened(tab);
    page.waitForTimeout(500);
    page.reload();
    page.locator(".axes-sum").first().waitFor();
    List<String> order = new ArrayList<>();
    for (int i = 0; i < MOST_CONTROLS; i++) {
      page.keyboard().press("Tab");
      String focused = (String) page.evaluate(FOCUSED);
      if (focused.isEmpty()) {
        break;
      }
      order.add(focused);
    }
    assertThat(order)
        .hasSizeLessThan(MOST_CONTROLS)
        .noneMatch(control -> control.startsWith("no outline"));
    assertThat(order)
        .containsSubsequence(
            "Model", "Copy link", "Export", "Light or dark", "prompt", "Run", "Cells show");
    assertThat(order).containsSubsequence("Transpose", "Larger cells", "plane-view", "tab-cell");
  }

  @Test
  void nothingMovesForWhoWantsNoMotion(Tab tab) {
    tab.page().emulateMedia(new Page.EmulateMediaOptions().setReducedMotion(ReducedMotion.REDUCE));
    Page page = opened(tab);
    for (String panel : PANELS) {
      show(page, panel);
      assertThat(page.evaluate("document.getAnimations().length")).as(panel).isEqualTo(0);
    }
  }

  /// The page with a direction, a pinned cell and a change, so that every panel has something.
  private static Page opened(Tab tab) {
    Page page = tab.open(served.link());
    Walks.drawn(page);
    Hand.MOUSE.pin(page, new Hand.Cell(8, 5));
    show(page, "Directions");
    page.locator(".directions-submit").click();
    page.locator(".portrait-name").waitFor();
    show(page, "Change");
    page.locator(".change-steer").click();
    page.locator(".change-slider").waitFor();
    Walks.drawn(page);
    show(page, "Cell");
    page.locator(".axes-sum").first().waitFor();
    return page;
  }

  private static void show(Page page, String panel) {
    page.getByRole(AriaRole.TAB, new Page.GetByRoleOptions().setName(panel)).click();
  }
}
