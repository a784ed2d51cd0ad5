package dev.weir.view;

/// What a table with a row for each position and place of a lens begins with.
final class LensColumns {

  private LensColumns() {}

  /// A table with these columns.
  ///
  /// @param name short, for file names and programs
  /// @param title one line for a reader
  static Table.Builder start(String name, String title) {
    return Table.named(name)
        .title(title)
        .integer("position", "", "position in the text")
        .token("token", "the token there")
        .text("place", "where along depth")
        .token("top_token", "likeliest token through the lens")
        .real("top_probability", "", "its probability")
        .real("entropy", "nats", "entropy of the lens's distribution")
        .real("kl_to_final", "nats", "KL(final ‖ lens)");
  }
}
