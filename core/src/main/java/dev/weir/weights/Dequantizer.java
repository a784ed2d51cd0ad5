package dev.weir.weights;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.OptionalLong;

/// Turns stored numbers into float32, a chunk at a time: a chunk is copied to an array, decoded by
/// a plain loop that the compiler vectorises, and copied out. So memory stays small and no access
/// is unaligned.
final class Dequantizer {
  /// A multiple of every block size, small enough to stay in the first-level cache.
  private static final int CHUNK = 4096;

  private static final ByteOrder LITTLE = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfFloat FLOAT_OUT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfFloat F32 = FLOAT_OUT.withOrder(LITTLE);
  private static final ValueLayout.OfDouble F64 =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(LITTLE);
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE);

  private Dequantizer() {}

  /// Writes `count` numbers from `first` on to `out`. Both are multiples of the block size.
  static void decode(WeightEntry entry, long first, long count, MemorySegment out) {
    if (entry.encoding() == Encoding.F32) {
      MemorySegment.copy(entry.bytes(), F32, first * 4, out, FLOAT_OUT, 0, count);
      return;
    }
    MemorySegment target = out.asSlice(0, count * 4);
    float[] values = new float[(int) Math.min(CHUNK, count)];
    for (long done = 0; done < count; done += values.length) {
      int n = (int) Math.min(values.length, count - done);
      decodeChunk(entry, first + done, n, values);
      MemorySegment.copy(values, 0, target, FLOAT_OUT, done * 4, n);
    }
  }

  /// Where the first number stands that is not finite.
  static OptionalLong firstNonFinite(WeightEntry entry) {
    long count = entry.elements();
    float[] values = new float[(int) Math.min(CHUNK, count)];
    for (long done = 0; done < count; done += values.length) {
      int n = (int) Math.min(values.length, count - done);
      if (entry.encoding() == Encoding.F64) {
        markNonFinite(entry.bytes(), done, n, values);
      } else {
        decodeChunk(entry, done, n, values);
      }
      if (anyNonFinite(values, n)) {
        return OptionalLong.of(done + indexOfNonFinite(values, n));
      }
    }
    return OptionalLong.empty();
  }

  /// A product with zero is NaN for NaN and infinity, and adding keeps it: no branch in the loop.
  private static boolean anyNonFinite(float[] values, int n) {
    float sum = 0;
    for (int i = 0; i < n; i++) {
      sum += values[i] * 0f;
    }
    return Float.isNaN(sum);
  }

  private static int indexOfNonFinite(float[] values, int n) {
    int i = 0;
    while (i < n && Float.isFinite(values[i])) {
      i++;
    }
    return i;
  }

  /// A finite double may be too large for a float, which must not count as infinity.
  private static void markNonFinite(MemorySegment bytes, long first, int n, float[] values) {
    for (int i = 0; i < n; i++) {
      values[i] = Double.isFinite(bytes.get(F64, (first + i) * 8)) ? 0 : Float.NaN;
    }
  }

  private static void decodeChunk(WeightEntry entry, long first, int n, float[] to) {
    Encoding encoding = entry.encoding();
    long offset = first / encoding.blockElements() * encoding.blockBytes();
    MemorySegment from =
        entry.bytes().asSlice(offset, (long) n / encoding.blockElements() * encoding.blockBytes());
    switch (encoding) {
      case F32 -> MemorySegment.copy(from, F32, 0, to, 0, n);
      case F64 -> decodeDoubles(from, n, to);
      case F16 -> decodeHalves(from.toArray(SHORT), to);
      case BF16 -> decodeBrainHalves(from.toArray(SHORT), to);
      case I64, U64 -> decodeLongs(encoding, from.toArray(LONG), to);
      case I32, U32 -> decodeInts(encoding, from.toArray(INT), to);
      case I16, U16 -> decodeShorts(encoding, from.toArray(SHORT), to);
      case I8, U8, BOOL -> decodeBytes(encoding, from.toArray(JAVA_BYTE), to);
      case Q8_0, Q4_0, Q4_K, Q5_K, Q6_K -> decodeBlocks(encoding, from.toArray(JAVA_BYTE), n, to);
    }
  }

  private static void decodeDoubles(MemorySegment from, int n, float[] to) {
    for (int i = 0; i < n; i++) {
      to[i] = (float) from.get(F64, i * 8L);
    }
  }

  private static void decodeHalves(short[] from, float[] to) {
    for (int i = 0; i < from.length; i++) {
      to[i] = Float.float16ToFloat(from[i]);
    }
  }

  private static void decodeBrainHalves(short[] from, float[] to) {
    for (int i = 0; i < from.length; i++) {
      to[i] = Float.intBitsToFloat(from[i] << 16);
    }
  }

  private static void decodeLongs(Encoding encoding, long[] from, float[] to) {
    for (int i = 0; i < from.length; i++) {
      long bits = from[i];
      // Halving keeps the dropped bit, so that the unsigned number is rounded once.
      to[i] = encoding == Encoding.U64 && bits < 0 ? ((bits >>> 1) | (bits & 1)) * 2f : bits;
    }
  }

  private static void decodeInts(Encoding encoding, int[] from, float[] to) {
    for (int i = 0; i < from.length; i++) {
      to[i] = encoding == Encoding.U32 ? Integer.toUnsignedLong(from[i]) : from[i];
    }
  }

  private static void decodeShorts(Encoding encoding, short[] from, float[] to) {
    int mask = encoding == Encoding.U16 ? 0xFFFF : -1;
    for (int i = 0; i < from.length; i++) {
      to[i] = from[i] & mask;
    }
  }

  private static void decodeBytes(Encoding encoding, byte[] from, float[] to) {
    int mask = encoding == Encoding.I8 ? -1 : 0xFF;
    for (int i = 0; i < from.length; i++) {
      int value = from[i] & mask;
      to[i] = encoding == Encoding.BOOL ? Math.min(value, 1) : value;
    }
  }

  private static void decodeBlocks(Encoding encoding, byte[] from, int n, float[] to) {
    int blocks = n / encoding.blockElements();
    for (int block = 0; block < blocks; block++) {
      int at = block * encoding.blockBytes();
      int into = block * encoding.blockElements();
      switch (encoding) {
        case Q8_0 -> BlockFormats.decodeQ80(from, at, to, into);
        case Q4_0 -> BlockFormats.decodeQ40(from, at, to, into);
        case Q4_K -> BlockFormats.decodeQ4K(from, at, to, into);
        case Q5_K -> BlockFormats.decodeQ5K(from, at, to, into);
        case Q6_K -> BlockFormats.decodeQ6K(from, at, to, into);
        case F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL ->
            throw new AssertionError(encoding);
      }
    }
  }
}
