package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.BoundingBox;

/// How somebody uses the page: with a mouse, or with a keyboard alone. The keyboard comes to a
/// control only by the Tab key, as its user does.
enum Hand {
  /// Points and clicks.
  MOUSE {
    @Override
    void press(Locator button) {
      button.click();
    }

    @Override
    void choose(Locator select, String value) {
      select.selectOption(value);
    }

    @Override
    void write(Locator box, String text) {
      box.click();
      box.fill(text);
    }

    @Override
    void slide(Locator slider, double share) {
      BoundingBox box = slider.boundingBox();
      slider.click(
          new Locator.ClickOptions().setPosition(box.width * (1 + share) / 2, box.height / 2));
    }

    @Override
    void show(Page page, String panel) {
      panel(page, panel).click();
    }

    @Override
    void pick(Locator items, String name) {
      items.filter(named(name)).click();
    }

    @Override
    void point(Page page, Cell cell) {
      BoundingBox box = CellBox.of(page, cell.place(), cell.position());
      page.mouse().move(box.x + box.width / 2, box.y + box.height / 2);
    }

    @Override
    void pin(Page page, Cell cell) {
      point(page, cell);
      page.mouse().down();
      page.mouse().up();
    }
  },

  /// Tab, arrows, Enter and letters.
  KEYBOARD {
    @Override
    void press(Locator button) {
      reach(button);
      button.page().keyboard().press("Enter");
    }

    @Override
    void choose(Locator select, String value) {
      reach(select);
      Page page = select.page();
      page.keyboard().press("Home");
      for (int i = 0; i < MOST && !select.inputValue().equals(value); i++) {
        page.keyboard().press("ArrowDown");
      }
      assertThat(select.inputValue()).isEqualTo(value);
    }

    @Override
    void write(Locator box, String text) {
      reach(box);
      Page page = box.page();
      page.keyboard().press("ControlOrMeta+a");
      page.keyboard().insertText(text);
    }

    @Override
    void slide(Locator slider, double share) {
      reach(slider);
      slider.page().keyboard().press("Home");
      for (int i = 0; i < Math.round((1 + share) / STEP); i++) {
        slider.page().keyboard().press("ArrowRight");
      }
    }

    @Override
    void show(Page page, String panel) {
      reach(page.locator("[role=tab][aria-selected=true]"));
      for (int i = 0; i < MOST && !chosen(page, panel); i++) {
        page.keyboard().press("ArrowRight");
      }
    }

    private static boolean chosen(Page page, String panel) {
      return panel(page, panel).getAttribute("aria-selected").equals("true");
    }

    @Override
    void pick(Locator items, String name) {
      Locator item = items.filter(named(name));
      for (int i = 0; i < MOST && !focused(item); i++) {
        item.page().keyboard().press("ArrowDown");
      }
      item.page().keyboard().press("Enter");
    }

    @Override
    void point(Page page, Cell cell) {
      reach(page.locator(".plane-view").first());
      page.keyboard().press("Control+Home");
      walk(page, cell.down(page), "ArrowDown");
      walk(page, cell.across(page), "ArrowRight");
    }

    @Override
    void pin(Page page, Cell cell) {
      point(page, cell);
      page.keyboard().press("Enter");
    }

    private static void walk(Page page, int steps, String key) {
      for (int i = 0; i < steps; i++) {
        page.keyboard().press(key);
      }
    }

    // Presses Tab until the control has the focus.
    private static void reach(Locator control) {
      for (int i = 0; i < MOST; i++) {
        if (focused(control)) {
          return;
        }
        control.page().keyboard().press("Tab");
      }
      throw new AssertionError("no Tab leads to " + control);
    }
  };

  private static final int MOST = 200;

  /// Of the sliders of directions, which go from -1 to 1.
  private static final double STEP = 0.05;

  private static Locator panel(Page page, String name) {
    return page.getByRole(AriaRole.TAB, new Page.GetByRoleOptions().setName(name).setExact(true));
  }

  private static boolean focused(Locator control) {
    return control.evaluate("e => e === document.activeElement").equals(true);
  }

  private static Locator.FilterOptions named(String name) {
    return new Locator.FilterOptions().setHasText(name);
  }

  /// A cell of the plane.
  ///
  /// @param place its row, or column where the plane is transposed
  /// @param position of the token
  record Cell(int place, int position) {

    private static boolean transposed(Page page) {
      return page.evaluate("document.querySelector('weir-plane').grid.transposed").equals(true);
    }

    int down(Page page) {
      return transposed(page) ? position : place;
    }

    int across(Page page) {
      return transposed(page) ? place : position;
    }
  }

  /// Presses a button.
  abstract void press(Locator button);

  /// Chooses from a list.
  ///
  /// @param select the list
  /// @param value of the option
  abstract void choose(Locator select, String value);

  /// Replaces what stands in a box.
  abstract void write(Locator box, String text);

  /// Moves a slider that goes from -1 to 1.
  ///
  /// @param share where to, about
  abstract void slide(Locator slider, double share);

  /// Opens a panel at the side.
  abstract void show(Page page, String panel);

  /// Picks an item of a menu that is open.
  abstract void pick(Locator items, String name);

  /// Makes a cell the one that is told about.
  abstract void point(Page page, Cell cell);

  /// Pins a cell.
  abstract void pin(Page page, Cell cell);
}
