package dev.weir.weights;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A GGUF file, version 2 or 3: key-value pairs, then tensors, plain or in quantised blocks.
///
/// Sizes are turned round to row-major, as PyTorch shows them; the file lists the innermost first.
/// Blocks stay as they are until [WeightEntry#dequantizeTo] or [WeightEntry#dequantizeRowsTo] asks
/// for numbers.
///
/// Format: `docs/gguf.md` of ggml-org/ggml.
public final class Gguf implements WeightSource {
  static final int MAGIC = 0x46554747;
  private static final long DEFAULT_ALIGNMENT = 32;
  private static final int MOST_TENSORS = 250_000;
  private static final int MOST_AXES = 4;
  private static final int LONGEST_NAME = 4096;

  /// Key and type of the shortest pair: an empty key and one byte.
  private static final long SHORTEST_PAIR = 8 + 4 + 1;

  /// Empty name, number of axes, type, offset.
  private static final long SHORTEST_TENSOR = 8 + 4 + 4 + 8;

  private final Path path;
  private final MappedFile.Group files;
  private final GgufMetadata keyValues;
  private final EntryTable table;

  private Gguf(
      Path path, MappedFile.Group files, GgufMetadata keyValues, Map<String, WeightEntry> entries) {
    this.path = path;
    this.files = files;
    this.keyValues = keyValues;
    this.table = new EntryTable(path, entries);
  }

  /// Opens a file.
  ///
  /// @param path the file
  /// @throws WeightException if it is missing, damaged, or stores a tensor in a way that Weir does
  ///   not read
  public static Gguf open(Path path) {
    return MappedFile.Group.opening(files -> open(path, files));
  }

  private static Gguf open(Path path, MappedFile.Group files) {
    MappedFile file = files.map(path);
    ByteCursor cursor = new ByteCursor(file, 0);
    if (cursor.readInt("the magic number") != MAGIC) {
      throw WeightException.notGguf(path);
    }
    requireVersion(path, cursor.readInt("the version"));
    long tensorCount = cursor.readCount(SHORTEST_TENSOR, "the number of tensors");
    long pairCount = cursor.readCount(SHORTEST_PAIR, "the number of metadata pairs");
    requireAtMost(path, Math.max(tensorCount, pairCount));
    GgufMetadata keyValues = GgufMetadata.read(path, cursor, pairCount);
    List<TensorInfo> infos = readInfos(path, cursor, tensorCount);
    MemorySegment data = dataOf(file, cursor.position(), alignment(path, keyValues), infos);
    requireNoOverlap(path, infos);
    return new Gguf(path, files, keyValues, slice(path, data, infos));
  }

  private static void requireVersion(Path path, int version) {
    if (version == Integer.reverseBytes(2) || version == Integer.reverseBytes(3)) {
      throw WeightException.bigEndianGguf(path);
    }
    if (version != 2 && version != 3) {
      throw WeightException.unsupportedGgufVersion(path, version);
    }
  }

  private static void requireAtMost(Path path, long count) {
    if (count > MOST_TENSORS) {
      throw WeightException.tooManyTensors(path, MOST_TENSORS);
    }
  }

  /// What the file says of one tensor.
  private record TensorInfo(String name, List<Long> sizes, Encoding encoding, long offset) {
    long byteSize() {
      return WeightEntry.byteSize(name, encoding, sizes);
    }
  }

  private static List<TensorInfo> readInfos(Path path, ByteCursor cursor, long count) {
    List<TensorInfo> infos = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      String name = cursor.readText(LONGEST_NAME, "the name of tensor " + i);
      List<Long> sizes = readSizes(path, cursor, name);
      Encoding encoding = encodingOf(path, name, cursor.readInt("the type of " + name));
      infos.add(new TensorInfo(name, sizes, encoding, cursor.readLong("the offset of " + name)));
    }
    return infos;
  }

  private static List<Long> readSizes(Path path, ByteCursor cursor, String name) {
    int axes = cursor.readInt("the number of axes of " + name);
    if (axes < 0 || axes > MOST_AXES) {
      throw WeightException.tooManyAxes(path, name, axes, MOST_AXES);
    }
    List<Long> sizes = new ArrayList<>();
    for (int axis = 0; axis < axes; axis++) {
      sizes.add(cursor.readLong("the sizes of " + name));
    }
    return List.copyOf(sizes.reversed());
  }

  private static Encoding encodingOf(Path path, String name, int type) {
    return switch (type) {
      case 0 -> Encoding.F32;
      case 1 -> Encoding.F16;
      case 2 -> Encoding.Q4_0;
      case 8 -> Encoding.Q8_0;
      case 12 -> Encoding.Q4_K;
      case 13 -> Encoding.Q5_K;
      case 14 -> Encoding.Q6_K;
      case 24 -> Encoding.I8;
      case 25 -> Encoding.I16;
      case 26 -> Encoding.I32;
      case 27 -> Encoding.I64;
      case 28 -> Encoding.F64;
      case 30 -> Encoding.BF16;
      default -> throw WeightException.unsupportedGgufType(path, name, typeName(type));
    };
  }

  private static String typeName(int type) {
    return switch (type) {
      case 3 -> "Q4_1";
      case 6 -> "Q5_0";
      case 7 -> "Q5_1";
      case 9 -> "Q8_1";
      case 10 -> "Q2_K";
      case 11 -> "Q3_K";
      case 15 -> "Q8_K";
      case 16 -> "IQ2_XXS";
      case 17 -> "IQ2_XS";
      case 18 -> "IQ3_XXS";
      case 19 -> "IQ1_S";
      case 20 -> "IQ4_NL";
      case 21 -> "IQ3_S";
      case 22 -> "IQ2_S";
      case 23 -> "IQ4_XS";
      case 29 -> "IQ1_M";
      case 34 -> "TQ1_0";
      case 35 -> "TQ2_0";
      case 39 -> "MXFP4";
      case 40 -> "NVFP4";
      default -> "number " + type;
    };
  }

  private static long alignment(Path path, GgufMetadata keyValues) {
    long alignment = keyValues.whole("general.alignment").orElse(DEFAULT_ALIGNMENT);
    if (alignment <= 0 || alignment > 1 << 20 || Long.bitCount(alignment) != 1) {
      throw WeightException.badAlignment(path, alignment);
    }
    return alignment;
  }

  /// The bytes behind the header, rounded up to the alignment; none where there are no tensors.
  private static MemorySegment dataOf(
      MappedFile file, long headerEnd, long alignment, List<TensorInfo> infos) {
    for (TensorInfo info : infos) {
      if (info.offset() < 0 || info.offset() % alignment != 0) {
        throw WeightException.misalignedOffset(file.path(), info.name(), info.offset(), alignment);
      }
    }
    long start = Math.ceilDiv(headerEnd, alignment) * alignment;
    return file.bytes().asSlice(Math.min(start, file.bytes().byteSize()));
  }

  private static void requireNoOverlap(Path path, List<TensorInfo> infos) {
    List<TensorInfo> sorted = new ArrayList<>(infos);
    sorted.sort(Comparator.comparingLong(TensorInfo::offset));
    long end = 0;
    String before = "the header";
    for (TensorInfo info : sorted) {
      long length = byteSizeIn(path, info);
      if (length > 0 && info.offset() < end) {
        throw WeightException.overlap(path, before, end, info.name(), info.offset());
      }
      if (length > 0 && length > Long.MAX_VALUE - info.offset()) {
        throw WeightException.badOffsets(path, info.name(), info.offset(), Long.MAX_VALUE, end);
      }
      end = Math.max(end, info.offset() + length);
      before = info.name();
    }
  }

  private static long byteSizeIn(Path path, TensorInfo info) {
    try {
      return info.byteSize();
    } catch (WeightException e) {
      throw e.in(path);
    }
  }

  private static Map<String, WeightEntry> slice(
      Path path, MemorySegment data, List<TensorInfo> infos) {
    Map<String, WeightEntry> entries = new LinkedHashMap<>();
    for (TensorInfo info : infos) {
      long length = info.byteSize();
      if (info.offset() > data.byteSize() || length > data.byteSize() - info.offset()) {
        throw WeightException.badOffsets(
            path, info.name(), info.offset(), info.offset() + length, data.byteSize());
      }
      MemorySegment bytes = data.asSlice(info.offset(), length);
      WeightEntry entry = new WeightEntry(info.name(), info.encoding(), info.sizes(), bytes);
      if (entries.put(info.name(), entry) != null) {
        throw WeightException.repeatedTensor(path, info.name());
      }
    }
    return entries;
  }

  /// The key-value pairs: hyper-parameters and vocabulary.
  public GgufMetadata keyValues() {
    return keyValues;
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public List<String> names() {
    return table.names();
  }

  @Override
  public Map<String, String> aliases() {
    return table.aliases();
  }

  /// The key-value pairs as text; arrays by their kind and length only.
  @Override
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(keyValues.describe());
  }

  @Override
  public boolean has(String name) {
    return table.has(name);
  }

  @Override
  public WeightEntry entry(String name) {
    return table.entry(name);
  }

  @Override
  public void close() {
    files.close();
  }
}
