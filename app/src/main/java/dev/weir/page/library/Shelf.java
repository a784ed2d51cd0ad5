package dev.weir.page.library;

import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/// What the library keeps of one kind. Every row has a revision: whoever changes a row says which
/// revision was looked at, so that nobody overwrites what was not seen. What was deleted can be
/// brought back for a month.
///
/// @param <T> what a row is
/// @param <E> what makes a row
/// @param <C> what changes a row
public final class Shelf<T, E extends Row.Entry<E>, C extends Row.Change> {
  private static final Duration BIN = Duration.ofDays(30);

  private final Database database;
  private final String table;
  private final RowReader<T> stored;
  private final RowReader<E> entry;
  private final InstantSource clock;

  /// A table.
  ///
  /// @param table its name, which is also what readers call a row
  /// @param stored reads a row
  /// @param entry reads what would make such a row
  Shelf(
      Database database,
      String table,
      RowReader<T> stored,
      RowReader<E> entry,
      InstantSource clock) {
    this.database = database;
    this.table = table;
    this.stored = stored;
    this.entry = entry;
    this.clock = clock;
  }

  /// Keeps something.
  ///
  /// @param entry what
  /// @throws dev.weir.page.run.PageException if something is wrong with it, its name is taken, or
  ///   the library cannot be written
  public T add(E entry) {
    return database.write(handle -> add(handle, entry));
  }

  T add(Handle handle, E entry) {
    Map<String, Object> all = new TreeMap<>(entry.columns());
    all.put("created", entry.created().orElse(clock.instant()).toEpochMilli());
    all.put("changed", entry.changed().orElse(clock.instant()).toEpochMilli());
    String names = String.join(", ", all.keySet());
    String values = ":" + String.join(", :", all.keySet());
    return handle
        .createQuery("INSERT INTO %s (%s) VALUES (%s) RETURNING *".formatted(table, names, values))
        .bindMap(all)
        .map((row, _) -> stored.read(row))
        .one();
  }

  /// One row.
  ///
  /// @param id which
  /// @throws dev.weir.page.run.PageException if there is none
  public T get(long id) {
    return database.read(handle -> one(id, rows(handle, Map.of("id", id), stored)));
  }

  /// What would make this row again.
  E entry(Handle handle, long id) {
    return one(id, entries(handle, Map.of("id", id)));
  }

  private <R> R one(long id, List<R> rows) {
    return rows.stream().findFirst().orElseThrow(() -> Problems.notThere(table, id));
  }

  /// What would make the rows with given values again, oldest first.
  List<E> entries(Handle handle, Map<String, ?> values) {
    return rows(handle, values, entry);
  }

  private <R> List<R> rows(Handle handle, Map<String, ?> values, RowReader<R> reader) {
    return handle
        .createQuery("SELECT * FROM %s WHERE %s ORDER BY id".formatted(table, condition(values)))
        .bindMap(values)
        .map((row, _) -> reader.read(row))
        .list();
  }

  /// Whether some row has given values.
  boolean has(Handle handle, Map<String, ?> values) {
    return handle
        .createQuery(
            "SELECT EXISTS (SELECT 1 FROM %s WHERE %s)".formatted(table, condition(values)))
        .bindMap(values)
        .mapTo(Boolean.class)
        .one();
  }

  private static String condition(Map<String, ?> values) {
    return values.keySet().stream()
        .map(name -> " AND %s = :%s".formatted(name, name))
        .collect(Collectors.joining("", "deleted IS NULL", ""));
  }

  /// Rows that hold all words of a search and have given values, those changed last first.
  ///
  /// @param search which
  /// @param values what some columns must hold
  Found<T> find(Search search, Map<String, ?> values) {
    Map<String, Object> bound = new HashMap<>(values);
    StringBuilder from = new StringBuilder("FROM %s WHERE ".formatted(table) + condition(values));
    for (String word : Text.words(search.words())) {
      String name = "word" + bound.size();
      bound.put(name, word);
      from.append(" AND (instr(search, :%s) > 0 OR instr(source, :%s) > 0)".formatted(name, name));
    }
    String some =
        "SELECT * %s ORDER BY changed DESC, id DESC LIMIT %d OFFSET %d"
            .formatted(from, search.limit(), search.offset());
    String count = "SELECT count(*) " + from;
    return database.read(handle ->
        new Found<>(
            handle.createQuery(some).bindMap(bound).map((row, _) -> stored.read(row)).list(),
            handle.createQuery(count).bindMap(bound).mapTo(Integer.class).one()));
  }

  /// Rows that hold all words of a search, those changed last first.
  ///
  /// @param search which
  public Found<T> find(Search search) {
    return find(search, Map.of());
  }

  /// Changes a row that nobody else changed since it was looked at.
  ///
  /// @param id which row
  /// @param revision the revision that was looked at
  /// @param change what it shall hold
  /// @throws dev.weir.page.run.PageException if there is none, somebody else changed it, the name
  ///   is taken, or the library cannot be written
  public T change(long id, int revision, C change) {
    Map<String, Object> columns = new HashMap<>(change.columns());
    columns.put("changed", clock.millis());
    return database.write(handle -> set(handle, id, revision, columns));
  }

  /// Puts a row into the bin, and empties the bin of what has been there for long.
  ///
  /// @param id which row
  /// @param revision the revision that was looked at
  /// @throws dev.weir.page.run.PageException if there is none, somebody else changed it, or the
  ///   library cannot be written
  public void delete(long id, int revision) {
    long longAgo = clock.instant().minus(BIN).toEpochMilli();
    database.write(handle -> {
      set(handle, id, revision, Map.of("deleted", clock.millis()));
      return handle.execute("DELETE FROM %s WHERE deleted < ?".formatted(table), longAgo);
    });
  }

  private T set(Handle handle, long id, int revision, Map<String, ?> columns) {
    String values =
        columns.keySet().stream()
            .map(name -> "%s = :%s".formatted(name, name))
            .collect(Collectors.joining(", "));
    return handle
        .createQuery(
            """
            UPDATE %s SET %s, revision = revision + 1
            WHERE id = :id AND revision = :revision AND deleted IS NULL RETURNING *
            """
                .formatted(table, values))
        .bindMap(columns)
        .bind("id", id)
        .bind("revision", revision)
        .map((row, _) -> stored.read(row))
        .findOne()
        .orElseThrow(() -> missed(handle, id, revision));
  }

  private RuntimeException missed(Handle handle, long id, int revision) {
    Optional<Integer> now =
        handle
            .createQuery(
                "SELECT revision FROM %s WHERE id = :id AND deleted IS NULL".formatted(table))
            .bind("id", id)
            .mapTo(Integer.class)
            .findOne();
    return now.isPresent()
        ? Problems.changedMeanwhile(table, id, revision, now.get())
        : Problems.notThere(table, id);
  }

  /// Takes a row out of the bin.
  ///
  /// @param id which row
  /// @throws dev.weir.page.run.PageException if it is not there, its name was taken meanwhile, or
  ///   the library cannot be written
  public T restore(long id) {
    return database.write(handle ->
        handle
            .createQuery(
                """
                UPDATE %s SET deleted = NULL, revision = revision + 1
                WHERE id = :id AND deleted IS NOT NULL RETURNING *
                """
                    .formatted(table))
            .bind("id", id)
            .map((row, _) -> stored.read(row))
            .findOne()
            .orElseThrow(() -> Problems.notInBin(table, id)));
  }
}
