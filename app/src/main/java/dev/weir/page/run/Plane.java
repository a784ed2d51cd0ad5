package dev.weir.page.run;

import dev.weir.readout.Places;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// A part of the plane of places and positions with one reading in its cells.
///
/// @param reading the name of the reading
/// @param window which part
/// @param values one row for each place, one number for each position
/// @param texts what the cells say, as many; empty where a reading has no words
public record Plane(
    String reading, Window window, List<double[]> values, List<List<String>> texts) {

  public Plane {
    values = List.copyOf(values);
    texts = List.copyOf(texts);
  }

  /// Reads a part of a run; for the engine's thread alone.
  ///
  /// @param run the run
  /// @param reading what the cells show
  /// @param window which part
  /// @throws PageException if the window is not a part of the run's plane
  public static Plane of(PromptRun run, CellReading reading, Window window) {
    window.within(run);
    List<double[]> values =
        switch (reading) {
          case CellReading.Norm() -> norms(run, window);
        };
    return new Plane(reading.name(), window, values, List.of());
  }

  private static List<double[]> norms(PromptRun run, Window window) {
    List<double[]> rows = new ArrayList<>();
    for (Places.Place place : run.places().subList(window.fromPlace(), window.toPlace())) {
      rows.add(stream(run, place, window).norm("d_model").toDoubles());
    }
    return rows;
  }

  /// `[pos, d_model]`.
  private static Tensor stream(PromptRun run, Places.Place place, Window window) {
    Tensor stream = run.trace().get(place.point());
    return stream.slice("pos", window.fromPosition(), window.positions()).to(DType.FLOAT32);
  }
}
