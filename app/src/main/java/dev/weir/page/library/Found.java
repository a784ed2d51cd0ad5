package dev.weir.page.library;

import java.util.List;

/// What a search found.
///
/// @param items those asked for
/// @param total how many there are in all
public record Found<T>(List<T> items, int total) {
  public Found {
    items = List.copyOf(items);
  }
}
