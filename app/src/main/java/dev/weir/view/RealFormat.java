package dev.weir.view;

import java.util.List;
import java.util.stream.DoubleStream;

/// How the real numbers of one column are shown: all with the same decimals, so that their points
/// stand below each other, and enough of them for four digits of the largest.
///
/// @param decimals how many
record RealFormat(int decimals) {

  /// The format for some numbers.
  static RealFormat of(DoubleStream values) {
    double[] finite = values.filter(Double::isFinite).toArray();
    if (DoubleStream.of(finite).allMatch(value -> value == Math.rint(value))) {
      return new RealFormat(0);
    }
    double largest = DoubleStream.of(finite).map(Math::abs).max().orElse(0);
    return new RealFormat(Math.clamp(3 - (int) Math.floor(Math.log10(largest)), 0, 4));
  }

  /// The format for one column of a table.
  static RealFormat of(List<List<Cell>> rows, int column) {
    return of(
        rows.stream()
            .mapToDouble(
                row -> row.get(column) instanceof Cell.Real(double value) ? value : Double.NaN));
  }

  /// A number; in powers of ten where its digits would be lost or run on.
  String format(double value) {
    double size = Math.abs(value);
    boolean isLost = size > 0 && size < 0.5 * Math.pow(10, -decimals);
    return isLost || size >= 1e7 || Double.isNaN(value)
        ? NumberText.brief(value)
        : NumberText.fixed(value + 0.0, decimals);
  }

  /// A cell for a reader.
  String format(Cell cell, Column.Kind kind) {
    return cell instanceof Cell.Real(double value) ? format(value) : NumberText.brief(cell, kind);
  }
}
