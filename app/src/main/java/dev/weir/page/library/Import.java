package dev.weir.page.library;

import dev.weir.page.run.PageException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/// Brings an export into the library, inside a transaction. What is there already, bit for bit,
/// stays as it is; what is there under the same name with other contents comes in beside it as a
/// copy. So importing twice adds nothing.
final class Import {
  private static final int MOST_COPIES = 100;

  private final Handle handle;
  private final List<ImportReport.Renamed> renamed = new ArrayList<>();
  private int added;
  private int same;

  Import(Handle handle) {
    this.handle = handle;
  }

  ImportReport report() {
    return new ImportReport(added, same, renamed);
  }

  <E extends Row.Entry<E>> void add(Shelf<?, E, ?> shelf, String list, List<E> entries) {
    for (int i = 0; i < entries.size(); i++) {
      try {
        add(shelf, entries.get(i));
      } catch (PageException e) {
        throw Problems.inImport(e, "%s[%d]".formatted(list, i));
      }
    }
  }

  private <E extends Row.Entry<E>> void add(Shelf<?, E, ?> shelf, E entry) {
    for (int copy = 1; copy <= MOST_COPIES; copy++) {
      E candidate = entry.copy(copy);
      Map<String, ?> columns = candidate.columns();
      if (shelf.has(handle, columns)) {
        same++;
        return;
      }
      if (isFree(shelf, columns)) {
        shelf.add(handle, candidate);
        added++;
        note(entry.columns(), columns);
        return;
      }
    }
    throw Problems.tooManyCopies(MOST_COPIES);
  }

  private boolean isFree(Shelf<?, ?, ?> shelf, Map<String, ?> columns) {
    Object name = columns.get("name");
    return name == null || !shelf.has(handle, Map.of("name", name));
  }

  private void note(Map<String, ?> before, Map<String, ?> after) {
    String from = String.valueOf(before.get("name"));
    String to = String.valueOf(after.get("name"));
    if (!from.equals(to)) {
      renamed.add(new ImportReport.Renamed(from, to));
    }
  }
}
