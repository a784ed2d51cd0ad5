package dev.weir.page.library;

import static java.util.Objects.requireNonNullElse;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// A note on its way into the library, or out of it in an export.
///
/// @param text what it says
/// @param model the name of the model it is about; empty if about none
/// @param prompt the prompt it is about; empty if about none
/// @param place the place of the stream it is about, `blocks.3.hook_resid_mid`; empty if about none
/// @param position the position it is about
/// @param created when it was kept; now if empty
/// @param changed when it was last written; now if empty
public record NoteEntry(
    String text,
    String model,
    String prompt,
    String place,
    OptionalInt position,
    Optional<Instant> created,
    Optional<Instant> changed)
    implements Row.Entry<NoteEntry> {

  /// What a script leaves out is empty.
  public NoteEntry {
    text = requireNonNullElse(text, "");
    model = requireNonNullElse(model, "");
    prompt = requireNonNullElse(prompt, "");
    place = requireNonNullElse(place, "");
    position = requireNonNullElse(position, OptionalInt.empty());
    created = requireNonNullElse(created, Optional.empty());
    changed = requireNonNullElse(changed, Optional.empty());
  }

  static NoteEntry of(ResultSet row) throws SQLException {
    return new NoteEntry(
        row.getString("text"),
        row.getString("model"),
        row.getString("prompt"),
        row.getString("place"),
        Note.position(row),
        Optional.of(Instant.ofEpochMilli(row.getLong("created"))),
        Optional.of(Instant.ofEpochMilli(row.getLong("changed"))));
  }

  @Override
  public NoteEntry copy(int copy) {
    return this;
  }

  @Override
  public Map<String, ?> columns() {
    Map<String, Object> columns = new HashMap<>(new NoteText(text).columns());
    columns.put("model", Text.line("model", model));
    columns.put("prompt", Text.prompt("prompt", prompt));
    columns.put("place", Text.line("place", place));
    columns.put("position", position.orElse(Note.NO_POSITION));
    columns.put("source", Text.folded(model, prompt, place));
    return columns;
  }
}
