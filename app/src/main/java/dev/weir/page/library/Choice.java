package dev.weir.page.library;

import java.util.List;

/// What to export.
///
/// @param directions ids
/// @param notes ids
/// @param views ids
public record Choice(List<Long> directions, List<Long> notes, List<Long> views) {
  public Choice {
    directions = List.copyOf(directions);
    notes = List.copyOf(notes);
    views = List.copyOf(views);
  }
}
