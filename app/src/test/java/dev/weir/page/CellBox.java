package dev.weir.page;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.BoundingBox;
import java.util.List;

/// Where a cell of the plane is on the screen, once nothing moves there any more: what a reading is
/// asked by takes room above the plane, which then lays itself out anew.
final class CellBox {
  private static final String SIDES =
      """
      async ([place, position]) => {
        const plane = document.querySelector('weir-plane');
        const sides = () => {
          const {x, y, width, height} = plane.cellBox(place, position);
          return [x, y, width, height];
        };
        const frame = () => new Promise(requestAnimationFrame);
        let before;
        let now = sides();
        do {
          before = now;
          await frame();
          await frame();
          now = sides();
        } while (String(now) !== String(before));
        return now;
      }
      """;

  private CellBox() {}

  static BoundingBox of(Page page, int place, int position) {
    List<?> sides = (List<?>) page.evaluate(SIDES, List.of(place, position));
    BoundingBox box = new BoundingBox();
    box.x = number(sides.get(0));
    box.y = number(sides.get(1));
    box.width = number(sides.get(2));
    box.height = number(sides.get(3));
    return box;
  }

  private static double number(Object side) {
    return ((Number) side).doubleValue();
  }
}
