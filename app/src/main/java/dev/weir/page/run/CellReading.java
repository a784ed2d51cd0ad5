package dev.weir.page.run;

/// What the cells of the plane show.
public sealed interface CellReading {

  /// The Euclidean length of the stream.
  record Norm() implements CellReading {}

  /// Its name in links and programs.
  default String name() {
    return switch (this) {
      case Norm() -> "norm";
    };
  }
}
