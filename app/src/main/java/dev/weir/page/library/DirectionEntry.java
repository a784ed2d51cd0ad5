package dev.weir.page.library;

import static java.util.Objects.requireNonNullElse;

import dev.weir.page.run.Projection;
import dev.weir.page.run.Vectors;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/// A direction on its way into the library, or out of it in an export.
///
/// @param name unique
/// @param description what it is
/// @param tags short words
/// @param model the name of the model it came from; empty if from none
/// @param recipe how it was made, a JSON object
/// @param numbers `[d_model]`, in raw coordinates
/// @param offset what is taken from their product with the stream; 0 for the plain product
/// @param created when it was kept; now if empty
/// @param changed when it was last written; now if empty
public record DirectionEntry(
    String name,
    String description,
    List<String> tags,
    String model,
    JsonNode recipe,
    Numbers numbers,
    double offset,
    Optional<Instant> created,
    Optional<Instant> changed)
    implements Row.Entry<DirectionEntry> {

  /// What a script leaves out is empty.
  public DirectionEntry {
    name = requireNonNullElse(name, "");
    description = requireNonNullElse(description, "");
    tags = List.copyOf(requireNonNullElse(tags, List.of()));
    model = requireNonNullElse(model, "");
    recipe = Text.present(recipe);
    numbers = requireNonNullElse(numbers, Numbers.NONE);
    created = requireNonNullElse(created, Optional.empty());
    changed = requireNonNullElse(changed, Optional.empty());
  }

  static DirectionEntry of(ResultSet row) throws SQLException {
    return new DirectionEntry(
        row.getString("name"),
        row.getString("description"),
        Text.array(row.getString("tags")),
        row.getString("model"),
        Text.object(row.getString("recipe")),
        Numbers.ofBytes(row.getBytes("numbers")),
        row.getDouble("offset"),
        Optional.of(Instant.ofEpochMilli(row.getLong("created"))),
        Optional.of(Instant.ofEpochMilli(row.getLong("changed"))));
  }

  /// What the page reads along it.
  public Projection projection() {
    return new Projection(numbers.toArray(), offset);
  }

  @Override
  public DirectionEntry copy(int copy) {
    return new DirectionEntry(
        Text.copy(name, copy), description, tags, model, recipe, numbers, offset, created, changed);
  }

  @Override
  public Map<String, ?> columns() {
    Numbers sound = numbers.requireSound("numbers");
    if (!Double.isFinite(offset)) {
      throw Problems.bad("It is not finite", "offset", "give a finite number");
    }
    Map<String, Object> columns =
        new HashMap<>(new DirectionLabel(name, description, tags).columns());
    columns.put("model", Text.line("model", model));
    columns.put("recipe", Text.object("recipe", recipe));
    columns.put("width", sound.width());
    columns.put("numbers", sound.bytes());
    columns.put("offset", offset);
    columns.put("vector", Vectors.id(projection()));
    columns.put("source", Text.folded(model, Text.leaves(recipe)));
    return columns;
  }
}
