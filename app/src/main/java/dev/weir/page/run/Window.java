package dev.weir.page.run;

/// A part of the plane: what is on somebody's screen.
///
/// @param fromPlace the first place
/// @param toPlace one past the last place
/// @param fromPosition the first position
/// @param toPosition one past the last position
public record Window(int fromPlace, int toPlace, int fromPosition, int toPosition) {

  /// All of a run.
  public static Window all(PromptRun run) {
    return new Window(0, run.places().size(), 0, run.length());
  }

  /// How many places.
  public int places() {
    return toPlace - fromPlace;
  }

  /// How many positions.
  public int positions() {
    return toPosition - fromPosition;
  }

  /// The same window, if it is a part of a run's plane.
  ///
  /// @param run whose plane
  /// @throws PageException if it is not, or is empty
  public Window within(PromptRun run) {
    boolean inside =
        0 <= fromPlace
            && fromPlace < toPlace
            && toPlace <= run.places().size()
            && 0 <= fromPosition
            && fromPosition < toPosition
            && toPosition <= run.length();
    if (!inside) {
      throw PageException.outsidePlane(this, run.places().size(), run.length());
    }
    return this;
  }

  @Override
  public String toString() {
    return "places %d:%d, positions %d:%d".formatted(fromPlace, toPlace, fromPosition, toPosition);
  }
}
