package dev.weir.page.library;

import dev.weir.page.run.Projection;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// The directions, notes and pinned views of one user, in one database file. Nothing is opened
/// before it is needed: where the file cannot be opened or written, each question says so, and the
/// rest of the page works. Many threads and many servers may use one file; what was answered is on
/// the disk and survives the end of the process.
public final class Library {
  private static final String FILE = "stream-page.db";
  private static final long MOST_BYTES = 4L << 30;

  private final Database database;
  private final Shelf<SavedDirection, DirectionEntry, DirectionLabel> directions;
  private final Shelf<Note, NoteEntry, NoteText> notes;
  private final Shelf<PinnedView, ViewEntry, ViewEntry> views;

  /// The library in a folder; neither need exist.
  ///
  /// @param folder the user's data folder
  public Library(Path folder) {
    this(folder.resolve(FILE), Schema.current(), MOST_BYTES, InstantSource.system());
  }

  Library(Path file, Schema schema, long mostBytes, InstantSource clock) {
    database = new Database(file, schema, mostBytes);
    directions = new Shelf<>(database, "direction", SavedDirection::of, DirectionEntry::of, clock);
    notes = new Shelf<>(database, "note", Note::of, NoteEntry::of, clock);
    views = new Shelf<>(database, "view", PinnedView::of, ViewEntry::of, clock);
  }

  /// Directions that were kept.
  public Shelf<SavedDirection, DirectionEntry, DirectionLabel> directions() {
    return directions;
  }

  /// Notes that were kept.
  public Shelf<Note, NoteEntry, NoteText> notes() {
    return notes;
  }

  /// Views that were kept.
  public Shelf<PinnedView, ViewEntry, ViewEntry> views() {
    return views;
  }

  /// Directions for models of one width, or of one id.
  ///
  /// @param search which
  /// @param width how many numbers; any if empty
  /// @param vector the id that follows from the numbers; any if empty
  public Found<SavedDirection> directions(
      Search search, OptionalInt width, Optional<String> vector) {
    Map<String, Object> values = new HashMap<>();
    width.ifPresent(value -> values.put("width", value));
    vector.ifPresent(value -> values.put("vector", value));
    return directions.find(search, values);
  }

  /// What would make a direction again, its numbers included.
  ///
  /// @param id its row
  /// @throws dev.weir.page.run.PageException if there is none
  public DirectionEntry direction(long id) {
    return database.read(handle -> directions.entry(handle, id));
  }

  /// What is read along a direction, so that links find it after the server was started again.
  ///
  /// @param vector the id that follows from its numbers
  public Optional<Projection> projection(String vector) {
    return database.read(handle ->
        directions.entries(handle, Map.of("vector", vector)).stream()
            .findFirst()
            .map(DirectionEntry::projection));
  }

  /// Everything.
  public LibraryFile export() {
    return database.read(handle ->
        new LibraryFile(
            directions.entries(handle, Map.of()),
            notes.entries(handle, Map.of()),
            views.entries(handle, Map.of())));
  }

  /// Some of it.
  ///
  /// @param choice what
  /// @throws dev.weir.page.run.PageException if some of that is not there
  public LibraryFile export(Choice choice) {
    return database.read(handle ->
        new LibraryFile(
            choice.directions().stream().map(id -> directions.entry(handle, id)).toList(),
            choice.notes().stream().map(id -> notes.entry(handle, id)).toList(),
            choice.views().stream().map(id -> views.entry(handle, id)).toList()));
  }

  /// Adds what an export holds, all of it or nothing.
  ///
  /// @param file the export
  /// @throws dev.weir.page.run.PageException if something in it is wrong, or the library cannot be
  ///   written
  public ImportReport add(LibraryFile file) {
    return database.write(handle -> {
      Import work = new Import(handle);
      work.add(directions, "directions", file.directions());
      work.add(notes, "notes", file.notes());
      work.add(views, "views", file.views());
      return work.report();
    });
  }
}
