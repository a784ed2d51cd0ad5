package dev.weir.page.library;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/// What is written into a row of the library.
public sealed interface Row {

  /// A new row.
  ///
  /// @param <E> itself
  sealed interface Entry<E extends Entry<E>> extends Row
      permits DirectionEntry, NoteEntry, ViewEntry {

    /// When it was kept; now if empty.
    Optional<Instant> created();

    /// When it was last written; now if empty.
    Optional<Instant> changed();

    /// The same under the name of a copy: `name (2)`; what has no name stays as it is.
    ///
    /// @param copy which copy, from 1, which is the entry itself
    E copy(int copy);
  }

  /// What changes in a row.
  sealed interface Change extends Row permits DirectionLabel, NoteText, ViewEntry {}

  /// The values of columns, checked.
  ///
  /// @throws dev.weir.page.run.PageException if something is too long or not what it should be
  Map<String, ?> columns();
}
