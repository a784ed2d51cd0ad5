package dev.weir.page.library;

import java.util.List;

/// What an import did.
///
/// @param added how many things came in, those renamed included
/// @param same how many were there already
/// @param renamed those whose name was taken by something else
public record ImportReport(int added, int same, List<Renamed> renamed) {
  public ImportReport {
    renamed = List.copyOf(renamed);
  }

  /// Something that came in under another name.
  ///
  /// @param from its name in the export
  /// @param to its name here
  public record Renamed(String from, String to) {}
}
