package dev.weir.weights;

import dev.weir.tensor.DType;
import java.util.Optional;

/// How the numbers of one tensor lie in a weight file.
///
/// Plain encodings store one number after another. The `Q…` ones are GGUF's blocks: a run of
/// numbers of the innermost axis shares scales. Layouts: the GGUF specification and the `gguf`
/// Python package, whose `quants.dequantize` the tests compare with.
public enum Encoding {
  /// IEEE 754 double precision.
  F64(1, 8),
  /// IEEE 754 single precision.
  F32(1, 4),
  /// IEEE 754 half precision.
  F16(1, 2),
  /// The upper half of a single-precision number.
  BF16(1, 2),
  /// Signed 64-bit integers.
  I64(1, 8),
  /// Signed 32-bit integers.
  I32(1, 4),
  /// Signed 16-bit integers.
  I16(1, 2),
  /// Signed 8-bit integers.
  I8(1, 1),
  /// Unsigned 64-bit integers.
  U64(1, 8),
  /// Unsigned 32-bit integers.
  U32(1, 4),
  /// Unsigned 16-bit integers.
  U16(1, 2),
  /// Unsigned 8-bit integers.
  U8(1, 1),
  /// True or false, a byte each.
  BOOL(1, 1),
  /// 32 numbers: a half-precision scale, 32 signed bytes.
  Q8_0(32, 34),
  /// 32 numbers: a half-precision scale, 32 nibbles less 8.
  Q4_0(32, 18),
  /// 256 numbers in 8 groups: two half-precision factors, 6-bit scales and minima, nibbles.
  Q4_K(256, 144),
  /// As [#Q4_K] with a fifth bit for each number.
  Q5_K(256, 176),
  /// 256 numbers in 16 groups: 6-bit numbers less 32, 8-bit scales, a half-precision factor.
  Q6_K(256, 210);

  private final int blockElements;
  private final int blockBytes;

  Encoding(int blockElements, int blockBytes) {
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
  }

  /// The plain encoding of this dtype.
  ///
  /// @param dtype how the numbers are stored in memory
  public static Encoding of(DType dtype) {
    return switch (dtype) {
      case FLOAT64 -> F64;
      case FLOAT32 -> F32;
      case BFLOAT16 -> BF16;
      case FLOAT16 -> F16;
      case INT64 -> I64;
      case INT32 -> I32;
      case BOOL -> BOOL;
    };
  }

  /// The dtype that a tensor over these very bytes has; empty where none fits and the numbers have
  /// to be dequantised first.
  public Optional<DType> dtype() {
    return switch (this) {
      case F64 -> Optional.of(DType.FLOAT64);
      case F32 -> Optional.of(DType.FLOAT32);
      case F16 -> Optional.of(DType.FLOAT16);
      case BF16 -> Optional.of(DType.BFLOAT16);
      case I64 -> Optional.of(DType.INT64);
      case I32 -> Optional.of(DType.INT32);
      case BOOL -> Optional.of(DType.BOOL);
      case I16, I8, U64, U32, U16, U8, Q8_0, Q4_0, Q4_K, Q5_K, Q6_K -> Optional.empty();
    };
  }

  /// How many numbers share one block; 1 for plain encodings.
  public int blockElements() {
    return blockElements;
  }

  /// How many bytes a block takes.
  public int blockBytes() {
    return blockBytes;
  }

  /// Whether each number stands for itself.
  public boolean isPlain() {
    return blockElements == 1;
  }

  /// Whether it can hold NaN or infinity.
  boolean canBeNonFinite() {
    return switch (this) {
      case F64, F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q5_K, Q6_K -> true;
      case I64, I32, I16, I8, U64, U32, U16, U8, BOOL -> false;
    };
  }

  /// What an address has to be a multiple of for whole-number access: the size of one number, or 1
  /// for blocks, which are read byte by byte.
  int alignment() {
    return isPlain() ? blockBytes : 1;
  }
}
