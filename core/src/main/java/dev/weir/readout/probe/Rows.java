package dev.weir.readout.probe;

import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.List;

/// Values with what is to be read from them, which can be gone through again and again, a block at
/// a time.
public interface Rows {

  /// How many numbers a row has.
  int features();

  /// What is to be read: the names of the classes, or of the numbers.
  List<String> outputs();

  /// Told of each block.
  interface Reader {
    /// A block of rows. Its tensors live only during the call.
    ///
    /// @param values `[row, feature]`, float64
    /// @param targets `[row, target]`, float64; for classes 1 at the right one and 0 elsewhere
    void accept(Tensor values, Tensor targets);
  }

  /// Goes through all rows, always in the same order.
  ///
  /// @param reader told of each block
  void forEach(Reader reader);

  /// Their means and covariances.
  default Moments moments() {
    Moments[] sum = {Moments.none(features(), outputs().size())};
    forEach((values, targets) -> sum[0] = sum[0].plus(Moments.of(values, targets)));
    return sum[0];
  }

  /// Rows that lie in memory.
  ///
  /// @param values row by row
  /// @param targets row by row
  /// @param outputs the names of the targets
  static Rows of(double[][] values, double[][] targets, List<String> outputs) {
    return new InMemory(values, targets, outputs);
  }

  /// Rows that lie in memory, each of one class.
  ///
  /// @param values row by row
  /// @param classes of each row, an index into the names
  /// @param names of the classes
  static Rows ofClasses(double[][] values, int[] classes, List<String> names) {
    double[][] targets = new double[classes.length][names.size()];
    for (int row = 0; row < classes.length; row++) {
      targets[row][classes[row]] = 1;
    }
    return new InMemory(values, targets, names);
  }

  /// Rows that lie in memory.
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  record InMemory(double[][] values, double[][] targets, List<String> outputs) implements Rows {
    @Override
    public int features() {
      return values[0].length;
    }

    @Override
    public void forEach(Reader reader) {
      try (Scope _ = Scope.open()) {
        reader.accept(tensor(values, "feature"), tensor(targets, "target"));
      }
    }

    private static Tensor tensor(double[][] rows, String axis) {
      int width = rows[0].length;
      double[] flat = new double[rows.length * width];
      for (int row = 0; row < rows.length; row++) {
        System.arraycopy(rows[row], 0, flat, row * width, width);
      }
      return Tensor.of(flat, Shape.of("row", rows.length, axis, width));
    }
  }
}
