package dev.weir.page.run;

import java.util.ArrayList;
import java.util.List;

/// A part of the plane: what is on somebody's screen.
///
/// @param fromPlace the first place
/// @param toPlace one past the last place
/// @param fromPosition the first position
/// @param toPosition one past the last position
public record Window(int fromPlace, int toPlace, int fromPosition, int toPosition) {

  /// Numbers that are multiplied in a step of some tenths of a second.
  static final long STEP = 1L << 33;

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
    return within(run.places().size(), run.length());
  }

  /// The same window, if it is a part of a plane.
  ///
  /// @param places how many places the plane has
  /// @param positions how many positions
  /// @throws PageException if it is not, or is empty
  public Window within(int places, int positions) {
    boolean inside =
        0 <= fromPlace
            && fromPlace < toPlace
            && toPlace <= places
            && 0 <= fromPosition
            && fromPosition < toPosition
            && toPosition <= positions;
    if (!inside) {
      throw PageException.outsidePlane(this, places, positions);
    }
    return this;
  }

  /// The same window in parts, none with more cells than that if it can be helped.
  ///
  /// @param cells how many at most
  List<Window> steps(long cells) {
    int positions = Math.toIntExact(Math.clamp(cells / places(), 1, positions()));
    int places = Math.toIntExact(Math.clamp(cells / positions, 1, places()));
    List<Window> steps = new ArrayList<>();
    for (int place = fromPlace; place < toPlace; place += places) {
      for (int position = fromPosition; position < toPosition; position += positions) {
        steps.add(
            new Window(
                place,
                Math.min(place + places, toPlace),
                position,
                Math.min(position + positions, toPosition)));
      }
    }
    return steps;
  }

  @Override
  public String toString() {
    return "places %d:%d, positions %d:%d".formatted(fromPlace, toPlace, fromPosition, toPosition);
  }
}
