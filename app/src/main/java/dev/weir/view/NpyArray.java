package dev.weir.view;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// Numbers in C order with a shape: what NumPy calls an array. The numbers are not copied; they
/// must stay where they are until written.
///
/// @param type what each number is
/// @param shape the sizes of the axes, outermost first; empty for a single number
/// @param data the numbers, in the byte order of this machine
public record NpyArray(Type type, List<Long> shape, MemorySegment data) {

  /// What each number of an array is.
  public enum Type {
    /// IEEE 754 binary64.
    FLOAT64("f8", 8),
    /// IEEE 754 binary32.
    FLOAT32("f4", 4),
    /// IEEE 754 binary16, as its 16 bits.
    FLOAT16("f2", 2),
    /// Two's complement, 64 bits.
    INT64("i8", 8);

    private final String code;
    private final int bytes;

    Type(String code, int bytes) {
      this.code = code;
      this.bytes = bytes;
    }
  }

  private static final int CHUNK = 1 << 20;
  private static final int ALIGNMENT = 64;
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};

  public NpyArray {
    shape = List.copyOf(shape);
    long expected = bytes(type, shape);
    if (data.byteSize() != expected) {
      throw ViewException.badArray(
          shape.toString(),
          "It holds %,d bytes, expected %,d".formatted(data.byteSize(), expected));
    }
  }

  /// An array of 64-bit reals.
  ///
  /// @param values the numbers, in C order
  /// @param shape the sizes of the axes, outermost first
  public static NpyArray of(double[] values, long... shape) {
    return new NpyArray(Type.FLOAT64, boxed(shape), MemorySegment.ofArray(values));
  }

  /// An array of 32-bit reals.
  ///
  /// @param values the numbers, in C order
  /// @param shape the sizes of the axes, outermost first
  public static NpyArray of(float[] values, long... shape) {
    return new NpyArray(Type.FLOAT32, boxed(shape), MemorySegment.ofArray(values));
  }

  /// An array of 64-bit whole numbers.
  ///
  /// @param values the numbers, in C order
  /// @param shape the sizes of the axes, outermost first
  public static NpyArray of(long[] values, long... shape) {
    return new NpyArray(Type.INT64, boxed(shape), MemorySegment.ofArray(values));
  }

  /// An array over memory that something else owns.
  ///
  /// @param type what each number is
  /// @param data the numbers, in C order
  /// @param shape the sizes of the axes, outermost first
  public static NpyArray of(Type type, MemorySegment data, long... shape) {
    return new NpyArray(type, boxed(shape), data);
  }

  /// How many bytes the array takes in a file, header included.
  long fileBytes() {
    return Math.addExact(header().length, data.byteSize());
  }

  /// Writes the array as an `.npy` file, version 1.0, a piece at a time.
  public void writeTo(OutputStream out) throws IOException {
    out.write(header());
    byte[] chunk = new byte[(int) Math.min(CHUNK, data.byteSize())];
    MemorySegment window = MemorySegment.ofArray(chunk);
    for (long at = 0; at < data.byteSize(); at += chunk.length) {
      int length = (int) Math.min(chunk.length, data.byteSize() - at);
      MemorySegment.copy(data, at, window, 0, length);
      out.write(chunk, 0, length);
    }
  }

  /// Magic, version, length, a Python dictionary, spaces up to the next 64th byte.
  private byte[] header() {
    String dictionary =
        "{'descr': '%s%s', 'fortran_order': False, 'shape': %s, }"
            .formatted(
                ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? "<" : ">", type.code, tuple());
    int used = MAGIC.length + 2 + dictionary.length() + 1;
    int total = Math.ceilDiv(used, ALIGNMENT) * ALIGNMENT;
    byte[] header = Arrays.copyOf(MAGIC, total);
    int length = total - MAGIC.length - 2;
    header[8] = (byte) length;
    header[9] = (byte) (length >> 8);
    Arrays.fill(header, 10, total - 1, (byte) ' ');
    byte[] text = dictionary.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(text, 0, header, 10, text.length);
    header[total - 1] = '\n';
    return header;
  }

  private String tuple() {
    return shape.size() == 1
        ? "(%d,)".formatted(shape.getFirst())
        : shape.stream().map(String::valueOf).collect(Collectors.joining(", ", "(", ")"));
  }

  private static List<Long> boxed(long... shape) {
    return Arrays.stream(shape).boxed().toList();
  }

  private static long bytes(Type type, List<Long> shape) {
    long bytes = type.bytes;
    for (long size : shape) {
      if (size < 0) {
        throw ViewException.badArray(shape.toString(), "An axis has a negative size");
      }
      bytes = Math.multiplyExact(bytes, size);
    }
    return bytes;
  }
}
