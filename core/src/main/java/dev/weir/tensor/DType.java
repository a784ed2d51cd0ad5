package dev.weir.tensor;

import java.util.Locale;

/// How a number is stored.
public enum DType {
  /// IEEE 754 double precision.
  FLOAT64(8),
  /// IEEE 754 single precision.
  FLOAT32(4),
  /// The upper half of a single-precision number.
  BFLOAT16(2),
  /// IEEE 754 half precision.
  FLOAT16(2),
  /// Signed 64-bit integers: token ids and positions.
  INT64(8),
  /// Signed 32-bit integers.
  INT32(4),
  /// True or false, a byte each: masks.
  BOOL(1);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /// How many bytes one number takes.
  public int bytes() {
    return bytes;
  }

  /// Whether it can hold fractions.
  public boolean isFloating() {
    return this == FLOAT64 || this == FLOAT32 || this == BFLOAT16 || this == FLOAT16;
  }

  /// The dtype a user calls by this name: `float32`, `bfloat16`, `float16` or `float64`, or the
  /// short forms `fp32`, `f32`, `bf16`, `fp16`, `f16`, `fp64`, `f64`.
  ///
  /// @param name the name, in any case
  /// @throws TensorException if there is none
  public static DType parse(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "float64", "fp64", "f64", "double" -> FLOAT64;
      case "float32", "fp32", "f32", "float" -> FLOAT32;
      case "bfloat16", "bf16" -> BFLOAT16;
      case "float16", "fp16", "f16", "half" -> FLOAT16;
      default -> throw TensorException.unknownDType(name);
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
