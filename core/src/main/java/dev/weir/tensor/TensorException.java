package dev.weir.tensor;

import dev.weir.WeirException;
import java.io.Serial;

/// Numbers that do not fit together.
public final class TensorException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private TensorException(String what, String where, String fix) {
    super(what, where, fix);
  }

  static TensorException badAxis(String name, long size) {
    return new TensorException(
        "An axis needs a name and a size of at least 0, but got '%s' and %d".formatted(name, size),
        "axis " + name,
        "name the axis and give its size");
  }

  static TensorException repeatedAxis(String axes) {
    return new TensorException(
        "Two axes of one tensor have the same name",
        axes,
        "rename one of them, for instance key_pos beside query_pos");
  }

  static TensorException noSuchAxis(String name, Shape shape) {
    return new TensorException(
        "There is no axis '%s'".formatted(name), shape.toString(), "use one of the axes it has");
  }

  static TensorException unknownDType(String name) {
    return new TensorException(
        "There is no dtype '%s'".formatted(name),
        "--dtype",
        "use float32, bfloat16, float16 or float64");
  }
}
