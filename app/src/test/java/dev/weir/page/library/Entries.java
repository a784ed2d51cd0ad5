package dev.weir.page.library;

import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.JsonNodeFactory;

/// Things to be kept, for tests.
final class Entries {

  private Entries() {}

  static DirectionEntry direction(String name, String description, double... numbers) {
    return new DirectionEntry(
        name,
        description,
        List.of(),
        "",
        JsonNodeFactory.instance.objectNode(),
        Numbers.of(numbers),
        0,
        Optional.empty(),
        Optional.empty());
  }

  static ViewEntry view(String name, String note) {
    return new ViewEntry(
        name, note, JsonNodeFactory.instance.objectNode(), Optional.empty(), Optional.empty());
  }
}
