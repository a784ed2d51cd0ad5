package dev.weir.weights;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What an `.npy` file says of itself (NumPy enhancement proposal 1): how its numbers are written,
/// and where they begin. They fill the rest of the file, row by row. Read are plain little-endian
/// numbers; Python objects are not, since to unpickle them can run code.
///
/// @param encoding how the numbers are stored
/// @param sizes row-major, outermost first; empty for a single number
/// @param dataStart the byte at which they begin
public record NpyHeader(Encoding encoding, List<Long> sizes, int dataStart) {
  /// As many bytes as hold any header of a plain array.
  public static final int LONGEST = 1 << 16;

  private static final ByteBuffer MAGIC =
      ByteBuffer.wrap(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'}).asReadOnlyBuffer();
  private static final int SHORTEST = 12;
  private static final Pattern TYPE = Pattern.compile("'descr':\\s*'([^']*)'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order':\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape':\\s*\\(([^)]*)\\)");

  public NpyHeader {
    sizes = List.copyOf(sizes);
  }

  /// Reads it, and holds what it says against the length of the file.
  ///
  /// @param start the first bytes of the file, [#LONGEST] of them or all
  /// @param fileBytes how many bytes the file has
  /// @param file for messages
  /// @throws WeightException if this is no such file, or one whose numbers are not read here
  public static NpyHeader parse(ByteBuffer start, long fileBytes, Path file) {
    ByteBuffer bytes = start.slice().order(ByteOrder.LITTLE_ENDIAN);
    String text = text(bytes, file);
    if (find(ORDER, text, "order", file).equals("True")) {
      throw WeightException.badNpy(file, "its numbers lie column by column");
    }
    Encoding encoding = encoding(find(TYPE, text, "type of number", file), file);
    List<Long> sizes = sizes(find(SHAPE, text, "shape", file), file);
    long expected = WeightEntry.byteSize(file.toString(), encoding, sizes);
    long found = fileBytes - bytes.position();
    if (expected != found) {
      throw WeightException.badNpy(
          file,
          "its shape %s asks for %,d bytes of numbers, but %,d follow"
              .formatted(sizes, expected, found));
    }
    return new NpyHeader(encoding, sizes, bytes.position());
  }

  /// The array of a whole file.
  ///
  /// @param bytes the file; its numbers are not copied
  /// @param file for messages
  /// @throws WeightException if this is no such file, or one whose numbers are not read here
  public static WeightEntry array(byte[] bytes, Path file) {
    NpyHeader header = parse(ByteBuffer.wrap(bytes), bytes.length, file);
    MemorySegment numbers = MemorySegment.ofArray(bytes).asSlice(header.dataStart);
    return new WeightEntry(file.toString(), header.encoding, header.sizes, numbers);
  }

  /// How many numbers there are.
  public long elements() {
    return sizes.stream().reduce(1L, Math::multiplyExact);
  }

  /// Magic, version, length, and then a Python dictionary, behind which the numbers begin.
  private static String text(ByteBuffer bytes, Path file) {
    if (bytes.remaining() < SHORTEST) {
      throw WeightException.badNpy(file, "it is too short");
    }
    if (!bytes.slice(0, MAGIC.capacity()).equals(MAGIC)) {
      throw WeightException.badNpy(file, "it does not begin like one");
    }
    int version = bytes.get(MAGIC.capacity());
    bytes.position(MAGIC.capacity() + 2);
    int length = version == 1 ? Short.toUnsignedInt(bytes.getShort()) : bytes.getInt();
    if (version < 1 || version > 3 || length < 0 || length > bytes.remaining()) {
      throw WeightException.badNpy(file, "its header is damaged");
    }
    byte[] text = new byte[length];
    bytes.get(text);
    return new String(text, StandardCharsets.ISO_8859_1);
  }

  private static String find(Pattern pattern, String text, String what, Path file) {
    Matcher matcher = pattern.matcher(text);
    if (!matcher.find()) {
      throw WeightException.badNpy(file, "its header names no " + what);
    }
    return matcher.group(1);
  }

  private static Encoding encoding(String type, Path file) {
    return switch (type.replaceFirst("^[<=|]", "")) {
      case "f8" -> Encoding.F64;
      case "f4" -> Encoding.F32;
      case "f2" -> Encoding.F16;
      case "i8" -> Encoding.I64;
      case "i4" -> Encoding.I32;
      case "i2" -> Encoding.I16;
      case "i1" -> Encoding.I8;
      case "u8" -> Encoding.U64;
      case "u4" -> Encoding.U32;
      case "u2" -> Encoding.U16;
      case "u1" -> Encoding.U8;
      case "b1" -> Encoding.BOOL;
      case "O" -> throw WeightException.badNpy(file, "it holds Python objects, which can run code");
      default -> throw WeightException.badNpy(file, "its numbers are of type '%s'".formatted(type));
    };
  }

  private static List<Long> sizes(String tuple, Path file) {
    List<Long> sizes = new ArrayList<>();
    try {
      for (String size : tuple.split(",", -1)) {
        if (!size.isBlank()) {
          sizes.add(Long.parseLong(size.strip()));
        }
      }
    } catch (NumberFormatException _) {
      throw WeightException.badNpy(file, "its shape is (%s)".formatted(tuple));
    }
    return sizes;
  }
}
