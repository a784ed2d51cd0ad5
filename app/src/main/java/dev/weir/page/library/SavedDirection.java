package dev.weir.page.library;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// A direction that was kept, without its numbers. What it is stays; what a user says of it may
/// change.
///
/// @param id its row
/// @param revision how often it was written
/// @param name unique
/// @param description what it is
/// @param tags short words
/// @param model the name of the model it came from; empty if from none
/// @param recipe how it was made, a JSON object
/// @param width how many numbers: it can be used with every model of this width
/// @param vector the id that follows from its numbers
/// @param created when it was kept
/// @param changed when it was last written
public record SavedDirection(
    long id,
    int revision,
    String name,
    String description,
    List<String> tags,
    String model,
    JsonNode recipe,
    int width,
    String vector,
    Instant created,
    Instant changed) {

  public SavedDirection {
    tags = List.copyOf(tags);
  }

  static SavedDirection of(ResultSet row) throws SQLException {
    return new SavedDirection(
        row.getLong("id"),
        row.getInt("revision"),
        row.getString("name"),
        row.getString("description"),
        Text.array(row.getString("tags")),
        row.getString("model"),
        Text.object(row.getString("recipe")),
        row.getInt("width"),
        row.getString("vector"),
        Instant.ofEpochMilli(row.getLong("created")),
        Instant.ofEpochMilli(row.getLong("changed")));
  }
}
