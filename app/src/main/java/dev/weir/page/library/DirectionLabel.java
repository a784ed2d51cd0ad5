package dev.weir.page.library;

import static java.util.Objects.requireNonNullElse;

import java.util.List;
import java.util.Map;

/// What a user says of a direction.
///
/// @param name unique
/// @param description what it is
/// @param tags short words
public record DirectionLabel(String name, String description, List<String> tags)
    implements Row.Change {

  /// What a script leaves out is empty.
  public DirectionLabel {
    name = requireNonNullElse(name, "");
    description = requireNonNullElse(description, "");
    tags = List.copyOf(requireNonNullElse(tags, List.of()));
  }

  @Override
  public Map<String, ?> columns() {
    String checkedName = Text.name("name", name);
    String checkedDescription = Text.lines("description", description);
    List<String> checkedTags = Text.tags("tags", tags);
    return Map.of(
        "name",
        checkedName,
        "description",
        checkedDescription,
        "tags",
        Text.array(checkedTags),
        "search",
        Text.folded(checkedName, checkedDescription, String.join("\n", checkedTags)));
  }
}
