package dev.weir.page.direction;

import dev.weir.page.run.Projection;

/// A direction before it has an id.
///
/// @param name short
/// @param description what it is, in a sentence
/// @param projection its numbers
record Made(String name, String description, Projection projection) {

  static Made plain(String name, String description, double... numbers) {
    return new Made(name, description, Projection.plain(numbers));
  }
}
