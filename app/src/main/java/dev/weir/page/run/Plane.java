package dev.weir.page.run;

import dev.weir.readout.LogitLens;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/// A part of the plane of places and positions with one reading in its cells.
///
/// @param reading the name of the reading
/// @param window which part
/// @param values one row for each place, one number for each position; NaN where there is none
/// @param texts what the cells say, as many; empty where a reading has no words
public record Plane(
    String reading, Window window, List<double[]> values, List<List<String>> texts) {

  public Plane {
    values = List.copyOf(values);
    texts = List.copyOf(texts);
  }

  /// Reads a part of a run in short steps, so that others get their turn meanwhile.
  ///
  /// @param runs where the run is held
  /// @param id which run
  /// @param reading what the cells show
  /// @param window which part
  /// @throws PageException if there is no such run, or the window is not a part of its plane
  public static Plane of(Runs runs, String id, CellReading reading, Window window) {
    List<Window> steps = runs.read(id, run -> window.within(run).steps(cells(run, reading)));
    double[][] values = new double[window.places()][window.positions()];
    String[][] texts = new String[reading.hasWords() ? window.places() : 0][window.positions()];
    for (Window step : steps) {
      Plane part = runs.read(id, run -> of(run, reading, step));
      for (int p = 0; p < step.places(); p++) {
        int row = step.fromPlace() - window.fromPlace() + p;
        int column = step.fromPosition() - window.fromPosition();
        System.arraycopy(part.values.get(p), 0, values[row], column, step.positions());
        if (reading.hasWords()) {
          System.arraycopy(part.texts.get(p).toArray(), 0, texts[row], column, step.positions());
        }
      }
    }
    return new Plane(
        reading.name(), window, List.of(values), Arrays.stream(texts).map(List::of).toList());
  }

  /// How many cells are a step of some tenths of a second.
  private static long cells(PromptRun run, CellReading reading) {
    return reading instanceof CellReading.Lens
        ? run.cellsOfLensAtATime()
        : Math.max(1, Window.STEP / run.model().transformer().spec().dModel());
  }

  /// Reads a part of a run; for the engine's thread alone.
  ///
  /// @param run the run
  /// @param reading what the cells show
  /// @param window which part
  /// @throws PageException if the window is not a part of the run's plane, or the direction is of
  ///   another width
  public static Plane of(PromptRun run, CellReading reading, Window window) {
    window.within(run);
    return switch (reading) {
      case CellReading.Norm() ->
          plane(reading, window, place -> stream(run, place, window).norm("d_model"));
      case CellReading.Step() -> plane(reading, window, place -> step(run, place, window));
      case CellReading.Turn() -> plane(reading, window, place -> turn(run, place, window));
      case CellReading.Dot(Projection direction) ->
          plane(reading, window, place -> direction.of(wide(run, place, window)));
      case CellReading.Cosine(Projection direction) ->
          plane(reading, window, place -> cosine(wide(run, place, window), direction));
      case CellReading.Lens lens -> lens(run, lens, window);
    };
  }

  private static Plane plane(CellReading reading, Window window, IntFunction<Tensor> row) {
    List<double[]> rows = new ArrayList<>();
    for (int place = window.fromPlace(); place < window.toPlace(); place++) {
      rows.add(row.apply(place).toDoubles());
    }
    return new Plane(reading.name(), window, rows, List.of());
  }

  /// `[pos, d_model]`, float32 at least.
  private static Tensor stream(PromptRun run, int place, Window window) {
    return run.stream(place, window.fromPosition(), window.positions());
  }

  private static Tensor wide(PromptRun run, int place, Window window) {
    return stream(run, place, window).to(DType.FLOAT64);
  }

  private static Tensor step(PromptRun run, int place, Window window) {
    if (place == 0) {
      return none(window);
    }
    Tensor before = wide(run, place - 1, window);
    return wide(run, place, window).minus(before).norm("d_model").dividedBy(before.norm("d_model"));
  }

  private static Tensor turn(PromptRun run, int place, Window window) {
    if (place == 0) {
      return none(window);
    }
    return cosine(wide(run, place - 1, window), wide(run, place, window)).times(-1).plus(1);
  }

  private static Tensor none(Window window) {
    double[] none = new double[window.positions()];
    Arrays.fill(none, Double.NaN);
    return Tensor.of(none, Shape.of(new Axis("pos", none.length)));
  }

  private static Tensor cosine(Tensor stream, Projection direction) {
    return cosine(stream, direction.beside(stream));
  }

  private static Tensor cosine(Tensor a, Tensor b) {
    return a.times(b).sum("d_model").dividedBy(a.norm("d_model")).dividedBy(b.norm("d_model"));
  }

  private static Plane lens(PromptRun run, CellReading.Lens reading, Window window) {
    try (StreamTrace part = run.trace().between(window.fromPosition(), window.toPosition())) {
      LogitLens lens =
          LogitLens.of(
              run.model().transformer(),
              part,
              CellReading.Lens.options(1, reading.target()),
              window.fromPlace(),
              window.toPlace());
      List<double[]> values = new ArrayList<>();
      List<List<String>> texts = new ArrayList<>();
      for (int p = 0; p < window.places(); p++) {
        List<LogitLens.Reading> row = row(lens, p);
        values.add(row.stream().mapToDouble(reading::value).toArray());
        if (reading.hasWords()) {
          texts.add(
              row.stream().map(cell -> run.model().word(cell.top().getFirst().token())).toList());
        }
      }
      return new Plane(reading.name(), window, values, texts);
    }
  }

  private static List<LogitLens.Reading> row(LogitLens lens, int place) {
    return IntStream.range(0, lens.positions().size()).mapToObj(i -> lens.at(place, i)).toList();
  }
}
