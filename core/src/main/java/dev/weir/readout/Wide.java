package dev.weir.readout;

import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;

/// Readouts add many small numbers, so half precision is widened first.
public final class Wide {

  private Wide() {}

  /// The same numbers, float32 at least, same shape.
  ///
  /// @param value any shape
  public static Tensor of(Tensor value) {
    return value.dtype() == DType.FLOAT64 ? value : value.to(DType.FLOAT32);
  }
}
