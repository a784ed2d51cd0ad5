package dev.weir.page;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// How quick the page is, measured in the page and printed. It runs on request, on a machine that
/// does nothing else: `./mvnw -Plong -pl core,app test -Dtest=SpeedPageTest`.
@Tag("long")
@ExtendWith(Browser.class)
class SpeedPageTest {
  private static final int SCROLLS = 180;
  private static final int HOVERS = 100;

  /// Of the prompt that the page begins with, on the bundled model.
  private static final int PLACES = 13;

  private static final int POSITIONS = 23;

  private static final int PROMPTS = 6;

  /// Keeps when something was last drawn on a canvas, how long frames took, and how long after a
  /// move of the mouse text changed.
  private static final String WATCH =
      """
      (() => {
        const watch = window.watch = {
          drawn: 0, draws: 0, frames: [], moved: 0, heard: 0, hovers: [], work: [],
          mean: all => all.reduce((sum, one) => sum + one, 0) / all.length,
          quantile: (all, share) => [...all].sort((a, b) => a - b)[Math.floor(share * all.length)],
        };
        for (const name of ['fillRect', 'drawImage', 'putImageData', 'fillText']) {
          const draw = CanvasRenderingContext2D.prototype[name];
          CanvasRenderingContext2D.prototype[name] = function (...all) {
            watch.drawn = performance.now(); watch.draws++;
            return draw.apply(this, all);
          };
        }
        let last = performance.now();
        const frame = now => { watch.frames.push(now - last); last = now; requestAnimationFrame(frame); };
        requestAnimationFrame(frame);
        addEventListener('pointermove', event => {
          watch.moved = event.timeStamp; watch.heard = performance.now();
        }, true);
        new MutationObserver(() => {
          if (!watch.moved) return;
          watch.hovers.push(performance.now() - watch.moved);
          watch.work.push(performance.now() - watch.heard);
          watch.moved = 0;
        }).observe(document, {subtree: true, childList: true, characterData: true});
      })()
      """;

  @TempDir Path data;

  @Test
  void theFirstPaint(Tab tab) {
    try (Served served = Served.bundled(data)) {
      Page page = watched(tab, served);
      String paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime";
      print("first contentful paint", milliseconds(page, paint));
      print("the first plane, the model being opened meanwhile", milliseconds(page, "watch.drawn"));
    }
  }

  @Test
  void aNewPromptOf128Tokens(Tab tab) {
    try (Served served = Served.bundled(data)) {
      Page page = watched(tab, served);
      Locator box = page.locator("#prompt");
      for (int i = 0; i < PROMPTS; i++) {
        box.fill(Stories.prompt(128, i));
        page.evaluate("watch.draws = 0; watch.began = performance.now()");
        box.press("Enter");
        settled(page);
        print("a new prompt to its full plane", milliseconds(page, "watch.drawn - watch.began"));
      }
    }
  }

  @Test
  void theNumberUnderTheMouse(Tab tab) {
    try (Served served = Served.bundled(data)) {
      Page page = watched(tab, served);
      for (int i = 0; i < HOVERS; i++) {
        Hand.MOUSE.point(page, new Hand.Cell(i * 5 % PLACES, i * 7 % POSITIONS));
        page.waitForTimeout(50);
      }
      for (double share : new double[] {0.5, 0.95}) {
        // The browser tells the page of a move when the next frame begins, up to 17 ms later.
        String all = "watch.quantile(watch.hovers, %s)".formatted(share);
        String own = "watch.quantile(watch.work, %s)".formatted(share);
        print(
            "number shown after a move of the mouse, %.2f".formatted(share),
            milliseconds(page, all));
        print("of that the page's own work, %.2f".formatted(share), milliseconds(page, own));
      }
    }
  }

  @Test
  void scrollingAThousandTokensOfAHundredPlaces(Tab tab) {
    try (Served served = Served.of(data, Trained.deep())) {
      Page page = watched(tab, served);
      page.locator("#prompt").fill(Stories.prompt(1000, 0));
      page.evaluate("watch.draws = 0");
      page.locator("#prompt").press("Enter");
      settled(page);
      // Fitted to the screen there is nothing to scroll to.
      page.locator(".plane-view").focus();
      for (int i = 0; i < 12; i++) {
        page.keyboard().press("+");
      }
      page.locator(".plane-view").first().hover();
      page.evaluate("watch.frames = []; watch.draws = 0");
      for (int i = 0; i < SCROLLS; i++) {
        page.mouse().wheel(i % 3 == 0 ? 0 : 40, i % 3 == 0 ? 20 : 0);
      }
      print(
          "frames per second while scrolling",
          1000 / milliseconds(page, "watch.mean(watch.frames)"));
      print(
          "95 % of the frames take at most",
          milliseconds(page, "watch.quantile(watch.frames, 0.95)"));
      print("draws while scrolling", milliseconds(page, "watch.draws"));
    }
  }

  private static Page watched(Tab tab, Served served) {
    tab.page().addInitScript(WATCH);
    Page page = tab.open(served.link());
    settled(page);
    return page;
  }

  /// Waits until nothing is drawn any more.
  private static void settled(Page page) {
    String quiet = "watch.draws > 0 && performance.now() - watch.drawn > 700";
    page.waitForCondition(() -> page.evaluate(quiet).equals(true));
  }

  private static double milliseconds(Page page, String expression) {
    return ((Number) page.evaluate(expression)).doubleValue();
  }

  private static void print(String what, double number) {
    System.out.printf(Locale.ROOT, "%-50s %8.1f%n", what, number);
  }
}
