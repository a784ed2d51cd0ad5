package dev.weir.page.library;

/// What to look for in the library, and how much of what is found to give.
///
/// @param words what each must hold, in any order and case; empty for all
/// @param limit how many to give
/// @param offset how many to leave out before
public record Search(String words, int limit, int offset) {
  /// How many at most.
  public static final int MOST = 500;

  private static final int LONGEST = 1_000;

  public Search {
    if (limit < 1 || limit > MOST || offset < 0) {
      throw Problems.bad(
          "A search gives 1 to %d things, and leaves out 0 or more".formatted(MOST),
          "limit %d, offset %d".formatted(limit, offset),
          "ask for less at a time");
    }
    if (words.length() > LONGEST) {
      throw Problems.tooLong("search", words.length(), LONGEST, "characters");
    }
  }

  /// The first of all.
  public static Search all() {
    return of("");
  }

  /// The first that hold some words.
  ///
  /// @param words what each must hold
  public static Search of(String words) {
    return new Search(words, MOST, 0);
  }
}
