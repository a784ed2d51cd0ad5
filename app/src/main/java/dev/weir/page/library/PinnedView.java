package dev.weir.page.library;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import tools.jackson.databind.JsonNode;

/// A view of the page that was kept.
///
/// @param id its row
/// @param revision how often it was written
/// @param name unique
/// @param note what is to be seen there
/// @param state what the page's link says, a JSON object
/// @param created when it was kept
/// @param changed when it was last written
public record PinnedView(
    long id,
    int revision,
    String name,
    String note,
    JsonNode state,
    Instant created,
    Instant changed) {

  static PinnedView of(ResultSet row) throws SQLException {
    return new PinnedView(
        row.getLong("id"),
        row.getInt("revision"),
        row.getString("name"),
        row.getString("note"),
        Text.object(row.getString("state")),
        Instant.ofEpochMilli(row.getLong("created")),
        Instant.ofEpochMilli(row.getLong("changed")));
  }
}
