package dev.weir.page;

import com.microsoft.playwright.Page;

/// What walks through the page have in common.
final class Walks {
  private static final String DRAWN =
      """
      import('/js/store.js').then(store => {
        const plane = document.querySelector('weir-plane');
        const {busy, prompt, run} = store.get();
        return busy === '' && prompt === document.querySelector('#prompt').value
          && plane.run === run && Boolean(plane.tiles?.complete()) && plane.drawn === plane.tiles;
      })
      """;

  private Walks() {}

  /// Waits until the plane shows the whole run of the prompt in the box.
  static void drawn(Page page) {
    page.waitForCondition(() -> page.evaluate(DRAWN).equals(true));
  }

  /// Runs a prompt and waits for its plane.
  static void write(Page page, String prompt) {
    page.locator("#prompt").fill(prompt);
    page.locator("#prompt").press("Enter");
    drawn(page);
  }
}
