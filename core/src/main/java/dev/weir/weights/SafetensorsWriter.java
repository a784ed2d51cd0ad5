package dev.weir.weights;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.weir.tensor.DType;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/// Writes safetensors files, whole or not at all. The same tensors give the same bytes.
///
/// Larger number types come first, otherwise the given order is kept, and the header is padded to
/// eight bytes: so every tensor is aligned and can be used straight from a mapped file.
public final class SafetensorsWriter {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int SLICE = 1 << 20;

  private SafetensorsWriter() {}

  /// A tensor to be written.
  ///
  /// @param name its name in the file
  /// @param encoding how its numbers are stored; no GGUF block
  /// @param sizes row-major, outermost first
  /// @param content writes its bytes, little-endian, exactly as many as encoding and sizes ask for
  public record Item(String name, Encoding encoding, List<Long> sizes, AtomicFile.Content content) {

    public Item {
      sizes = List.copyOf(sizes);
    }

    /// A tensor whose bytes lie in memory.
    ///
    /// @param name its name in the file
    /// @param dtype how its numbers are stored
    /// @param sizes row-major, outermost first
    /// @param bytes its numbers, little-endian
    public static Item of(String name, DType dtype, List<Long> sizes, MemorySegment bytes) {
      return new Item(name, Encoding.of(dtype), sizes, channel -> writeSegment(bytes, channel));
    }

    /// A tensor of an open file.
    ///
    /// @param entry the tensor
    public static Item of(WeightEntry entry) {
      return new Item(
          entry.name(),
          entry.encoding(),
          entry.sizes(),
          channel -> writeSegment(entry.bytes(), channel));
    }

    long byteSize() {
      return WeightEntry.byteSize(name, encoding, sizes);
    }
  }

  /// Writes a file; one that is there is replaced.
  ///
  /// @param file where to; its folder must exist
  /// @param items the tensors
  /// @param metadata texts about them, written in the order of their keys
  /// @throws WeightException if a name occurs twice, an item writes too few or too many bytes, or
  ///   the disk is full; the file is then as it was before
  public static void write(Path file, List<Item> items, Map<String, String> metadata) {
    requireWritable(file, items);
    List<Item> ordered =
        items.stream()
            .sorted(Comparator.comparingInt(item -> -item.encoding().blockBytes()))
            .toList();
    byte[] header = header(ordered, metadata);
    AtomicFile.write(
        file,
        channel -> {
          writeFully(ByteBuffer.wrap(header), channel);
          for (Item item : ordered) {
            writeItem(file, item, channel);
          }
        });
  }

  private static void requireWritable(Path file, List<Item> items) {
    Set<String> names = new HashSet<>(Set.of("__metadata__"));
    for (Item item : items) {
      if (!item.encoding().isPlain()) {
        throw WeightException.blocksInSafetensors(file, item.name(), item.encoding());
      }
      if (!names.add(item.name())) {
        throw WeightException.repeatedTensor(file, item.name());
      }
    }
  }

  private static byte[] header(List<Item> items, Map<String, String> metadata) {
    StringWriter json = new StringWriter();
    try (JsonGenerator generator = JSON.createGenerator(ObjectWriteContext.empty(), json)) {
      generator.writeStartObject();
      if (!metadata.isEmpty()) {
        generator.writeObjectPropertyStart("__metadata__");
        new TreeMap<>(metadata).forEach(generator::writeStringProperty);
        generator.writeEndObject();
      }
      long offset = 0;
      for (Item item : items) {
        writeInfo(item, offset, generator);
        offset += item.byteSize();
      }
      generator.writeEndObject();
    }
    return withLength(json.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static void writeInfo(Item item, long offset, JsonGenerator generator) {
    generator.writeObjectPropertyStart(item.name());
    generator.writeStringProperty("dtype", item.encoding().name());
    generator.writeArrayPropertyStart("shape");
    item.sizes().forEach(generator::writeNumber);
    generator.writeEndArray();
    generator.writeArrayPropertyStart("data_offsets");
    generator.writeNumber(offset);
    generator.writeNumber(offset + item.byteSize());
    generator.writeEndArray();
    generator.writeEndObject();
  }

  /// The length as eight bytes, the JSON, and spaces up to a multiple of eight.
  private static byte[] withLength(byte[] json) {
    int length = Math.ceilDiv(json.length, 8) * 8;
    ByteBuffer header = ByteBuffer.allocate(8 + length).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(length).put(json);
    while (header.hasRemaining()) {
      header.put((byte) ' ');
    }
    return header.array();
  }

  private static void writeItem(Path file, Item item, WritableByteChannel channel)
      throws IOException {
    CountingChannel counter = new CountingChannel(channel);
    item.content().writeTo(counter);
    if (counter.count != item.byteSize()) {
      throw WeightException.wrongItemLength(file, item.name(), item.byteSize(), counter.count);
    }
  }

  private static void writeSegment(MemorySegment bytes, WritableByteChannel channel)
      throws IOException {
    for (long done = 0; done < bytes.byteSize(); done += SLICE) {
      long length = Math.min(SLICE, bytes.byteSize() - done);
      MemorySegment slice = bytes.asSlice(done, length);
      // Only native memory can be seen as a buffer whatever array lies behind it.
      writeFully(
          slice.isNative() ? slice.asByteBuffer() : ByteBuffer.wrap(slice.toArray(JAVA_BYTE)),
          channel);
    }
  }

  private static void writeFully(ByteBuffer buffer, WritableByteChannel channel)
      throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  /// Counts what passes through.
  private static final class CountingChannel implements WritableByteChannel {
    private final WritableByteChannel inner;
    private long count;

    CountingChannel(WritableByteChannel inner) {
      this.inner = inner;
    }

    @Override
    public int write(ByteBuffer buffer) throws IOException {
      int written = inner.write(buffer);
      count += written;
      return written;
    }

    @Override
    public boolean isOpen() {
      return inner.isOpen();
    }

    /// The file is closed by whoever opened it.
    @Override
    public void close() {}
  }
}
