package dev.weir.readout.lens;

import dev.weir.weights.AtomicFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/// Tensors by name in the archive that PyTorch's `torch.save` writes: `data.pkl` lists them, and
/// `data/0`, `data/1` … hold their numbers.
final class StateDict {
  private static final long LONGEST_PICKLE = 1 << 24;
  private static final String ROOT = "params/";

  private StateDict() {}

  /// A tensor.
  ///
  /// @param values row by row
  /// @param sizes outermost first
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  record Entry(float[] values, List<Long> sizes) {}

  // ---------------------------------------------------------------- reading

  static Map<String, Entry> read(Path file) {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      String pickle =
          zip.stream()
              .map(ZipEntry::getName)
              .filter(name -> name.endsWith("data.pkl"))
              .findFirst()
              .orElseThrow(() ->
                  LensException.badParameters(file, "The archive lists no tensors (data.pkl)"));
      String root = pickle.substring(0, pickle.length() - "data.pkl".length());
      requireLittleEndian(zip, root, file);
      Map<String, Entry> entries = new LinkedHashMap<>();
      for (var tensor : Pickle.tensors(bytes(zip, pickle, LONGEST_PICKLE, file), file).entrySet()) {
        entries.put(tensor.getKey(), entry(zip, root, tensor.getValue(), file));
      }
      return entries;
    } catch (ZipException _) {
      throw LensException.notAZip(file);
    } catch (IOException e) {
      throw LensException.unreadable(file, e);
    }
  }

  private static void requireLittleEndian(ZipFile zip, String root, Path file) throws IOException {
    if (zip.getEntry(root + "byteorder") != null
        && !new String(bytes(zip, root + "byteorder", 16, file), StandardCharsets.US_ASCII)
            .equals("little")) {
      throw LensException.badParameters(file, "The numbers are stored big end first");
    }
  }

  private static byte[] bytes(ZipFile zip, String name, long longest, Path file)
      throws IOException {
    ZipEntry entry = zip.getEntry(name);
    if (entry == null || entry.getSize() < 0 || entry.getSize() > longest) {
      throw LensException.badParameters(file, "'%s' is missing or too long".formatted(name));
    }
    try (InputStream in = zip.getInputStream(entry)) {
      return in.readNBytes(Math.toIntExact(entry.getSize()));
    }
  }

  private static Entry entry(ZipFile zip, String root, Pickle.StoredTensor tensor, Path file)
      throws IOException {
    Pickle.Storage storage = tensor.storage();
    long count = tensor.sizes().stream().reduce(1L, Math::multiplyExact);
    long length = Math.multiplyExact(storage.count(), (long) storage.type().bytes());
    if (tensor.offset() < 0 || tensor.offset() > storage.count() - count) {
      throw LensException.badParameters(file, "A tensor reaches past its numbers");
    }
    byte[] bytes = bytes(zip, root + "data/" + storage.key(), length, file);
    if (bytes.length != length) {
      throw LensException.badParameters(
          file, "Numbers are missing in 'data/" + storage.key() + "'");
    }
    ByteBuffer numbers = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    numbers.position(Math.toIntExact(tensor.offset() * storage.type().bytes()));
    float[] values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (storage.type()) {
            case FLOAT -> numbers.getFloat();
            case DOUBLE -> (float) numbers.getDouble();
            case HALF -> Float.float16ToFloat(numbers.getShort());
            case BFLOAT16 -> Float.intBitsToFloat(numbers.getShort() << 16);
          };
    }
    return new Entry(values, tensor.sizes());
  }

  // ---------------------------------------------------------------- writing

  static void write(Path file, Map<String, Entry> entries) {
    AtomicFile.write(
        file,
        channel -> {
          // The archive is closed by hand: closing it would close the channel.
          ZipOutputStream zip = new ZipOutputStream(Channels.newOutputStream(channel));
          add(zip, "data.pkl", pickle(entries));
          add(zip, "byteorder", "little".getBytes(StandardCharsets.US_ASCII));
          int key = 0;
          for (Entry entry : entries.values()) {
            add(zip, "data/" + key++, bytes(entry.values()));
          }
          add(zip, "version", "3\n".getBytes(StandardCharsets.US_ASCII));
          zip.finish();
          zip.flush();
        });
  }

  /// Stored as it is: PyTorch reads no compressed archives.
  private static void add(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
    CRC32 checksum = new CRC32();
    checksum.update(bytes);
    ZipEntry entry = new ZipEntry(ROOT + name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(bytes.length);
    entry.setCrc(checksum.getValue());
    entry.setTime(0); // The same lens gives the same bytes.
    zip.putNextEntry(entry);
    zip.write(bytes);
    zip.closeEntry();
  }

  private static byte[] bytes(float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  /// The list of tensors, in protocol 2: an ordered dictionary of rebuilt tensors.
  private static byte[] pickle(Map<String, Entry> entries) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(new byte[] {(byte) 0x80, 2});
    name(out, "collections", "OrderedDict");
    out.write(")R(".getBytes(StandardCharsets.US_ASCII));
    int key = 0;
    for (Map.Entry<String, Entry> entry : entries.entrySet()) {
      text(out, entry.getKey());
      tensor(out, String.valueOf(key++), entry.getValue());
    }
    out.write("u.".getBytes(StandardCharsets.US_ASCII));
    return out.toByteArray();
  }

  private static void tensor(OutputStream out, String key, Entry entry) throws IOException {
    name(out, "torch._utils", "_rebuild_tensor_v2");
    out.write("((".getBytes(StandardCharsets.US_ASCII));
    text(out, "storage");
    name(out, "torch", "FloatStorage");
    text(out, key);
    text(out, "cpu");
    whole(out, entry.values().length);
    out.write("tQ".getBytes(StandardCharsets.US_ASCII));
    whole(out, 0);
    wholes(out, entry.sizes());
    wholes(out, strides(entry.sizes()));
    out.write(0x89); // No gradient.
    name(out, "collections", "OrderedDict");
    out.write(")RtR".getBytes(StandardCharsets.US_ASCII)); // No hooks.
  }

  private static List<Long> strides(List<Long> sizes) {
    return sizes.size() == 2 ? List.of(sizes.getLast(), 1L) : List.of(1L);
  }

  private static void wholes(OutputStream out, List<Long> numbers) throws IOException {
    out.write('(');
    for (long number : numbers) {
      whole(out, Math.toIntExact(number));
    }
    out.write('t');
  }

  private static void whole(OutputStream out, int number) throws IOException {
    out.write('J');
    out.write(littleEndian(number));
  }

  private static void text(OutputStream out, String text) throws IOException {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    out.write('X');
    out.write(littleEndian(utf8.length));
    out.write(utf8);
  }

  private static void name(OutputStream out, String module, String name) throws IOException {
    out.write(("c" + module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] littleEndian(int number) {
    return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(number).array();
  }
}
