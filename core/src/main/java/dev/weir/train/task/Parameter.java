package dev.weir.train.task;

/// A number that a task can be set with.
///
/// @param name as it is written
/// @param usual what it is if nothing is said
/// @param least the least it may be
/// @param most the most it may be
/// @param kind which numbers there are in between
/// @param meaning what it is for
public record Parameter(
    String name, double usual, double least, double most, Kind kind, String meaning) {

  /// Which numbers a parameter may be.
  public enum Kind {
    /// Whole numbers.
    WHOLE,
    /// Any number.
    REAL
  }

  static Parameter whole(String name, int usual, int least, int most, String meaning) {
    return new Parameter(name, usual, least, most, Kind.WHOLE, meaning);
  }

  static Parameter real(String name, double usual, double least, double most, String meaning) {
    return new Parameter(name, usual, least, most, Kind.REAL, meaning);
  }

  boolean allows(double value) {
    return value >= least && value <= most && (kind == Kind.REAL || value == Math.rint(value));
  }

  /// What may be written, for messages.
  String range() {
    return switch (kind) {
      case WHOLE -> "a whole number from %,d to %,d".formatted((long) least, (long) most);
      case REAL -> "a number from %s to %s".formatted(least, most);
    };
  }
}
