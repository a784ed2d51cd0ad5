package dev.weir.page.library;

import java.sql.ResultSet;
import java.sql.SQLException;

/// Reads a row of a table.
///
/// @param <R> what it gives
interface RowReader<R> {
  R read(ResultSet row) throws SQLException;
}
