package dev.weir.weights;

import dev.weir.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// One tensor of a weight file: where its bytes lie and how to read them. Nothing is copied.
///
/// The bytes are the mapped file. They can be read by any thread until the [WeightSource] is
/// closed; after that every access through them throws [IllegalStateException]. If another program
/// cuts the file short while it is mapped, reading the missing part through this class throws
/// [InternalError]; native code that was given the address is not protected, so keep weight files
/// unchanged while they are open.
///
/// @param name the tensor's name in the file
/// @param encoding how its numbers are stored
/// @param sizes row-major, outermost first, as PyTorch shows them; empty for a single number
/// @param bytes its bytes, little-endian, exactly as many as encoding and sizes ask for
public record WeightEntry(String name, Encoding encoding, List<Long> sizes, MemorySegment bytes) {

  /// A tensor whose bytes are as many as its sizes ask for.
  ///
  /// @throws WeightException if they are not
  public WeightEntry {
    sizes = List.copyOf(sizes);
    long expected = byteSize(name, encoding, sizes);
    if (bytes.byteSize() != expected) {
      throw WeightException.wrongLength(name, encoding, sizes, expected, bytes.byteSize());
    }
  }

  /// How many bytes a tensor of these sizes takes.
  ///
  /// @param name the tensor's name, for the message
  /// @param encoding how its numbers are stored
  /// @param sizes row-major, outermost first
  /// @throws WeightException if a size is negative, the product does not fit in 63 bits, or the
  ///   innermost size is no multiple of the encoding's block
  static long byteSize(String name, Encoding encoding, List<Long> sizes) {
    long elements = 1;
    for (long size : sizes) {
      if (size < 0) {
        throw WeightException.negativeSize(name, sizes);
      }
      // A zero size makes the product zero, but must not hide an absurd one beside it.
      if (size > 0 && elements > Long.MAX_VALUE / 8 / size) {
        throw WeightException.tooManyElements(name, sizes);
      }
      elements *= Math.max(size, 1);
    }
    if (sizes.contains(0L)) {
      return 0;
    }
    long rowLength = sizes.isEmpty() ? 1 : sizes.getLast();
    if (rowLength % encoding.blockElements() != 0) {
      throw WeightException.brokenBlocks(name, encoding, sizes);
    }
    return elements / encoding.blockElements() * encoding.blockBytes();
  }

  /// How many numbers there are.
  public long elements() {
    return bytes.byteSize() / encoding.blockBytes() * encoding.blockElements();
  }

  /// The dtype of a tensor over these very bytes; empty where they must be dequantised first.
  public Optional<DType> dtype() {
    return encoding.dtype();
  }

  /// Whether the first byte lies at a multiple of the size of one number. Only then may native code
  /// use the bytes as they are; otherwise they have to be copied.
  public boolean isAligned() {
    return bytes.maxByteAlignment() >= encoding.alignment();
  }

  /// How many numbers lie along the innermost axis; 1 for a single number.
  public long rowLength() {
    return sizes.isEmpty() ? 1 : sizes.getLast();
  }

  /// How many rows there are: the product of all sizes but the innermost.
  public long rows() {
    return rowLength() == 0 ? 0 : elements() / rowLength();
  }

  /// Writes all numbers as float32 in the machine's byte order.
  ///
  /// @param out where to; at least `4 * elements()` bytes
  /// @throws IndexOutOfBoundsException if `out` is too short
  public void dequantizeTo(MemorySegment out) {
    Dequantizer.decode(this, 0, elements(), out);
  }

  /// Writes some rows as float32 in the machine's byte order and reads no others.
  ///
  /// @param firstRow the first row
  /// @param rowCount how many rows
  /// @param out where to; at least `4 * rowCount * rowLength()` bytes
  /// @throws IndexOutOfBoundsException if there are not so many rows or `out` is too short
  public void dequantizeRowsTo(long firstRow, long rowCount, MemorySegment out) {
    Objects.checkFromIndexSize(firstRow, rowCount, rows());
    Dequantizer.decode(this, firstRow * rowLength(), rowCount * rowLength(), out);
  }

  /// All numbers as float32.
  ///
  /// @throws WeightException if there are more than an array can hold
  public float[] toFloats() {
    if (elements() > Integer.MAX_VALUE - 8) {
      throw WeightException.tooLongForArray(name, sizes);
    }
    float[] floats = new float[(int) elements()];
    dequantizeTo(MemorySegment.ofArray(floats));
    return floats;
  }

  /// All numbers as float64. All but F64 pass through float32, which rounds large whole numbers.
  ///
  /// @throws WeightException if there are more than an array can hold
  public double[] toDoubles() {
    if (encoding == Encoding.F64 && elements() <= Integer.MAX_VALUE - 8) {
      return bytes.toArray(ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
    }
    float[] floats = toFloats();
    return IntStream.range(0, floats.length).mapToDouble(i -> floats[i]).toArray();
  }

  /// Where the first NaN or infinity stands, counted row-major over all numbers; empty if there is
  /// none. Reads the whole tensor.
  public OptionalLong firstNonFinite() {
    return encoding.canBeNonFinite() ? Dequantizer.firstNonFinite(this) : OptionalLong.empty();
  }

  /// The same tensor under another name.
  ///
  /// @param newName the other name
  public WeightEntry named(String newName) {
    return new WeightEntry(newName, encoding, sizes, bytes);
  }

  /// Name, encoding and sizes, for messages and listings.
  @Override
  public String toString() {
    return name
        + " "
        + encoding
        + sizes.stream().map(String::valueOf).collect(Collectors.joining(", ", " [", "]"));
  }
}
