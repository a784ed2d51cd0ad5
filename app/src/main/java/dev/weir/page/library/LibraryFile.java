package dev.weir.page.library;

import static java.util.Objects.requireNonNullElse;

import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// What an export holds: JSON with a format name, a version, and three lists. Numbers are written
/// with the fewest digits that give the same float64 again.
///
/// @param format always `weir-library`
/// @param version of the format
/// @param directions directions
/// @param notes notes
/// @param views pinned views
public record LibraryFile(
    String format,
    int version,
    List<DirectionEntry> directions,
    List<NoteEntry> notes,
    List<ViewEntry> views) {
  private static final String FORMAT = "weir-library";
  private static final int VERSION = 1;

  /// Fields that a later version adds are passed over; what is there must be of the right type.
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  public LibraryFile {
    format = requireNonNullElse(format, "");
    directions = List.copyOf(requireNonNullElse(directions, List.of()));
    notes = List.copyOf(requireNonNullElse(notes, List.of()));
    views = List.copyOf(requireNonNullElse(views, List.of()));
  }

  LibraryFile(List<DirectionEntry> directions, List<NoteEntry> notes, List<ViewEntry> views) {
    this(FORMAT, VERSION, directions, notes, views);
  }

  /// Reads an export.
  ///
  /// @param json UTF-8
  /// @throws dev.weir.page.run.PageException if it is none, or of a later version
  public static LibraryFile read(InputStream json) {
    try {
      return Optional.ofNullable(MAPPER.readValue(json, LibraryFile.class))
          .orElseThrow(() -> Problems.notAnExport("nothing in it", Optional.empty()))
          .requireKnown();
    } catch (JacksonException e) {
      throw Problems.notAnExport(e.getOriginalMessage(), Optional.ofNullable(e.getLocation()));
    }
  }

  private LibraryFile requireKnown() {
    if (!format.equals(FORMAT)) {
      throw Problems.otherFormat(format, FORMAT);
    }
    if (version < 1 || version > VERSION) {
      throw Problems.otherVersion(version, VERSION);
    }
    return this;
  }

  /// UTF-8.
  public byte[] toJson() {
    return MAPPER.writeValueAsBytes(this);
  }
}
