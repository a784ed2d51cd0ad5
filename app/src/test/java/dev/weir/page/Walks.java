package dev.weir.page;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.TimeoutError;

/// What walks through the page have in common.
final class Walks {
  /// What is missing until the plane is there; empty when it is.
  private static final String MISSING =
      """
      import('/js/store.js').then(store => {
        const plane = document.querySelector('weir-plane');
        const {busy, problem, prompt, run} = store.get();
        if (busy || problem) return busy || problem;
        if (prompt !== document.querySelector('#prompt').value) return 'the prompt in the box';
        if (!run || plane.run !== run) return 'the run';
        if (!plane.tiles?.complete()) return 'numbers of cells';
        return plane.drawn === plane.tiles ? '' : 'the drawing';
      })
      """;

  private Walks() {}

  /// Waits until the plane shows the whole run of the prompt in the box.
  static void drawn(Page page) {
    try {
      page.waitForCondition(() -> page.evaluate(MISSING).equals(""));
    } catch (TimeoutError e) {
      throw new AssertionError("the plane is not there: " + page.evaluate(MISSING), e);
    }
  }

  /// Runs a prompt and waits for its plane.
  static void write(Page page, String prompt) {
    page.locator("#prompt").fill(prompt);
    page.locator("#prompt").press("Enter");
    drawn(page);
  }
}
