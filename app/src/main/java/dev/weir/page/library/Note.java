package dev.weir.page.library;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.OptionalInt;

/// A note that was kept.
///
/// @param id its row
/// @param revision how often it was written
/// @param text what it says
/// @param model the name of the model it is about; empty if about none
/// @param prompt the prompt it is about; empty if about none
/// @param place the place of the stream it is about; empty if about none
/// @param position the position it is about
/// @param created when it was kept
/// @param changed when it was last written
public record Note(
    long id,
    int revision,
    String text,
    String model,
    String prompt,
    String place,
    OptionalInt position,
    Instant created,
    Instant changed) {

  /// In the column; positions count from 0.
  static final int NO_POSITION = -1;

  static Note of(ResultSet row) throws SQLException {
    return new Note(
        row.getLong("id"),
        row.getInt("revision"),
        row.getString("text"),
        row.getString("model"),
        row.getString("prompt"),
        row.getString("place"),
        position(row),
        Instant.ofEpochMilli(row.getLong("created")),
        Instant.ofEpochMilli(row.getLong("changed")));
  }

  static OptionalInt position(ResultSet row) throws SQLException {
    int position = row.getInt("position");
    return position == NO_POSITION ? OptionalInt.empty() : OptionalInt.of(position);
  }
}
