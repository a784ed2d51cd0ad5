package dev.weir.page.library;

import static java.util.Objects.requireNonNullElse;

import java.util.Map;

/// What a note says.
///
/// @param text one line or more
public record NoteText(String text) implements Row.Change {

  /// What a script leaves out is empty.
  public NoteText {
    text = requireNonNullElse(text, "");
  }

  @Override
  public Map<String, ?> columns() {
    String checked = Text.lines("text", text);
    if (checked.isBlank()) {
      throw Problems.bad("The note says nothing", "text", "write something");
    }
    return Map.of("text", checked, "search", Text.folded(checked));
  }
}
