package dev.weir.page;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.BoundingBox;
import java.util.List;

/// Where a cell of the plane is on the screen.
final class CellBox {
  private static final String SIDES =
      """
      ([place, position]) => {
        const {x, y, width, height} = document.querySelector('weir-plane').cellBox(place, position);
        return [x, y, width, height];
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
