package dev.weir.readout;

import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;

/// Readouts add many small numbers, so half precision is widened first.
final class Wide {

  private Wide() {}

  /// The same numbers, float32 at least, same shape.
  static Tensor of(Tensor value) {
    return value.dtype() == DType.FLOAT64 ? value : value.to(DType.FLOAT32);
  }
}
