package dev.weir.page.change;

import dev.weir.page.run.CellReading;
import dev.weir.page.run.Plane;
import dev.weir.page.run.PromptRun;
import dev.weir.page.run.Runs;
import dev.weir.page.run.Window;
import dev.weir.readout.Places;
import java.util.Arrays;
import java.util.List;

/// A part of two planes side by side with one reading in the cells of both, and its difference.
///
/// @param reading the name of the reading
/// @param window which part, in rows and columns of the aligned planes
/// @param places the rows, all of them
/// @param positions the columns, all of them
/// @param first the numbers of the first run, a row for each place of the window; NaN in gaps
/// @param second the numbers of the second run, as many
/// @param difference the second less the first; NaN where either has none
public record Comparison(
    String reading,
    Window window,
    Aligned places,
    Aligned positions,
    List<double[]> first,
    List<double[]> second,
    List<double[]> difference) {

  /// One of the two runs.
  ///
  /// @param run its id
  /// @param reading what its cells show: of a token or a direction as its model understands it
  public record Side(String run, CellReading reading) {}

  /// How the planes of two runs lie beside each other.
  ///
  /// @param places their rows
  /// @param positions their columns
  public record Sheet(Aligned places, Aligned positions) {

    /// Of two runs.
    ///
    /// @param runs where they are held
    /// @param first the id of the first
    /// @param second the id of the second
    /// @param by how rows are brought together where the depths differ
    public static Sheet of(Runs runs, String first, String second, Aligned.By by) {
      return new Sheet(
          Aligned.places(labels(runs, first), labels(runs, second), by),
          Aligned.tokens(runs.recipe(first).tokens(), runs.recipe(second).tokens()));
    }

    private void require(Window window) {
      Window _ = window.within(places.size(), positions.size());
    }

    private static List<String> labels(Runs runs, String run) {
      return PromptRun.places(runs.model(run)).stream().map(Places.Place::label).toList();
    }
  }

  /// Reads a part of two runs, in short steps.
  ///
  /// @param runs where they are held
  /// @param first one run
  /// @param second the other
  /// @param sheet how their planes lie beside each other
  /// @param window which part of the sheet
  /// @throws dev.weir.page.run.PageException if the window is not a part of the sheet
  public static Comparison of(Runs runs, Side first, Side second, Sheet sheet, Window window) {
    sheet.require(window);
    List<Integer> firstRows = rows(sheet.places().first(), window);
    List<Integer> firstColumns = columns(sheet.positions().first(), window);
    List<Integer> secondRows = rows(sheet.places().second(), window);
    List<Integer> secondColumns = columns(sheet.positions().second(), window);
    List<double[]> before = values(runs, first, firstRows, firstColumns);
    List<double[]> after = values(runs, second, secondRows, secondColumns);
    return new Comparison(
        second.reading().name(),
        window,
        sheet.places(),
        sheet.positions(),
        before,
        after,
        difference(before, after));
  }

  private static List<Integer> rows(List<Integer> line, Window window) {
    return line.subList(window.fromPlace(), window.toPlace());
  }

  private static List<Integer> columns(List<Integer> line, Window window) {
    return line.subList(window.fromPosition(), window.toPosition());
  }

  /// The numbers of some rows and columns; NaN in gaps.
  private static List<double[]> values(
      Runs runs, Side side, List<Integer> rows, List<Integer> columns) {
    double[][] values = new double[rows.size()][columns.size()];
    Arrays.stream(values).forEach(row -> Arrays.fill(row, Double.NaN));
    int[] places = there(rows);
    int[] positions = there(columns);
    if (places.length == 0 || positions.length == 0) {
      return List.of(values);
    }
    // What stands side by side is in order, so the parts between the first and last are few.
    Window window =
        new Window(
            places[0],
            places[places.length - 1] + 1,
            positions[0],
            positions[positions.length - 1] + 1);
    List<double[]> found = Plane.of(runs, side.run(), side.reading(), window).values();
    for (int row = 0; row < values.length; row++) {
      for (int column = 0; column < columns.size(); column++) {
        if (rows.get(row) != Aligned.GAP && columns.get(column) != Aligned.GAP) {
          values[row][column] =
              found
                  .get(rows.get(row) - window.fromPlace())[
                  columns.get(column) - window.fromPosition()];
        }
      }
    }
    return List.of(values);
  }

  private static int[] there(List<Integer> line) {
    return line.stream().mapToInt(Integer::intValue).filter(i -> i != Aligned.GAP).toArray();
  }

  private static List<double[]> difference(List<double[]> before, List<double[]> after) {
    double[][] difference = new double[before.size()][];
    for (int row = 0; row < difference.length; row++) {
      double[] one = before.get(row);
      double[] other = after.get(row);
      difference[row] = new double[one.length];
      Arrays.setAll(difference[row], column -> other[column] - one[column]);
    }
    return List.of(difference);
  }
}
