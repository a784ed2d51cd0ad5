package dev.weir.readout.lens;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads NumPy's `.npy` files of real numbers (NumPy enhancement proposal 1).
final class NpyFile {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final Pattern DTYPE = Pattern.compile("'descr':\\s*'([<>|=]?)([fi][248])'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order':\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape':\\s*\\(([\\d, ]*)\\)");

  private NpyFile() {}

  /// Numbers with a shape.
  ///
  /// @param values row by row
  /// @param sizes outermost first
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  record Array(double[] values, List<Long> sizes) {}

  static Array read(Path file) {
    ByteBuffer bytes;
    try {
      bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    } catch (IOException e) {
      throw LensException.unreadable(file, e);
    }
    String header = header(bytes, file);
    Matcher dtype = found(DTYPE, header, file);
    if (found(ORDER, header, file).group(1).equals("True")) {
      throw LensException.noDirections(file, "The array is stored column by column");
    }
    bytes.order(dtype.group(1).equals(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    List<Long> sizes = sizes(found(SHAPE, header, file).group(1));
    return new Array(values(bytes, dtype.group(2), sizes, file), sizes);
  }

  private static String header(ByteBuffer bytes, Path file) {
    if (bytes.remaining() < 12 || !startsWithMagic(bytes)) {
      throw LensException.noDirections(file, "The file is no .npy array");
    }
    int version = bytes.get(6);
    bytes.position(8);
    int length = version == 1 ? bytes.getShort() & 0xFFFF : bytes.getInt();
    if (length < 0 || length > bytes.remaining()) {
      throw LensException.noDirections(file, "The file ends within its header");
    }
    byte[] header = new byte[length];
    bytes.get(header);
    return new String(header, StandardCharsets.UTF_8);
  }

  private static boolean startsWithMagic(ByteBuffer bytes) {
    return bytes.slice(0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC));
  }

  private static Matcher found(Pattern pattern, String header, Path file) {
    Matcher matcher = pattern.matcher(header);
    if (!matcher.find()) {
      throw LensException.noDirections(file, "The array holds no real numbers that Weir reads");
    }
    return matcher;
  }

  private static List<Long> sizes(String list) {
    List<Long> sizes = new ArrayList<>();
    for (String size : list.split(",", -1)) {
      if (!size.isBlank()) {
        sizes.add(Long.parseLong(size.strip()));
      }
    }
    return sizes;
  }

  private static double[] values(ByteBuffer bytes, String type, List<Long> sizes, Path file) {
    long count = 1;
    for (long size : sizes) {
      count = Math.multiplyExact(count, size);
    }
    int width = type.charAt(1) - '0';
    if (count * width != bytes.remaining()) {
      throw LensException.noDirections(
          file, "The array of shape %s does not fit the length of the file".formatted(sizes));
    }
    double[] values = new double[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (type) {
            case "f2" -> Float.float16ToFloat(bytes.getShort());
            case "f4" -> bytes.getFloat();
            case "f8" -> bytes.getDouble();
            case "i2" -> bytes.getShort();
            case "i4" -> bytes.getInt();
            default -> bytes.getLong();
          };
    }
    return values;
  }
}
