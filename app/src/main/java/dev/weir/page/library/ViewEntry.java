package dev.weir.page.library;

import static java.util.Objects.requireNonNullElse;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/// A pinned view on its way into the library, or out of it in an export.
///
/// @param name unique
/// @param note what is to be seen there
/// @param state what the page's link says, a JSON object
/// @param created when it was kept; now if empty
/// @param changed when it was last written; now if empty
public record ViewEntry(
    String name, String note, JsonNode state, Optional<Instant> created, Optional<Instant> changed)
    implements Row.Entry<ViewEntry>, Row.Change {

  /// What a script leaves out is empty.
  public ViewEntry {
    name = requireNonNullElse(name, "");
    note = requireNonNullElse(note, "");
    state = Text.present(state);
    created = requireNonNullElse(created, Optional.empty());
    changed = requireNonNullElse(changed, Optional.empty());
  }

  static ViewEntry of(ResultSet row) throws SQLException {
    return new ViewEntry(
        row.getString("name"),
        row.getString("note"),
        Text.object(row.getString("state")),
        Optional.of(Instant.ofEpochMilli(row.getLong("created"))),
        Optional.of(Instant.ofEpochMilli(row.getLong("changed"))));
  }

  @Override
  public ViewEntry copy(int copy) {
    return new ViewEntry(Text.copy(name, copy), note, state, created, changed);
  }

  @Override
  public Map<String, ?> columns() {
    String checkedName = Text.name("name", name);
    String checkedNote = Text.lines("note", note);
    return Map.of(
        "name", checkedName,
        "note", checkedNote,
        "state", Text.object("state", state),
        "search", Text.folded(checkedName, checkedNote),
        "source", Text.folded(Text.leaves(state)));
  }
}
