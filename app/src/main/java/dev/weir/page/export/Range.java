package dev.weir.page.export;

import dev.weir.page.run.CellReading;
import dev.weir.page.run.Plane;
import dev.weir.view.Legend;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;

/// From which number to which the colours run.
///
/// @param low the number at the first colour
/// @param high the number at the last colour
public record Range(double low, double high) {

  /// From the lowest number of a plane to the highest, as far as they are finite; from 0 to 1 where
  /// there is none.
  ///
  /// @param plane whose numbers
  public static Range of(Plane plane) {
    DoubleSummaryStatistics finite =
        plane.values().stream()
            .flatMapToDouble(Arrays::stream)
            .filter(Double::isFinite)
            .summaryStatistics();
    return finite.getCount() == 0 ? new Range(0, 1) : new Range(finite.getMin(), finite.getMax());
  }

  /// The legend of a reading that runs so. Where all numbers are the same, it runs to one more.
  ///
  /// @param label what the numbers are
  /// @param scale how they become colours
  /// @throws dev.weir.view.ViewException if it does not run upwards
  public Legend legend(String label, CellReading.Scale scale) {
    double end = high == low ? low + 1 : high;
    return switch (scale) {
      case SEQUENTIAL -> Legend.sequential(label, low, end);
      case LOGARITHMIC -> Legend.logarithmic(label, low, end);
      case DIVERGING -> {
        double reach = Math.max(Math.abs(low), Math.abs(high));
        yield Legend.diverging(label, reach == 0 ? 1 : reach);
      }
    };
  }
}
