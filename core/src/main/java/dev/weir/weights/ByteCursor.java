package dev.weir.weights;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// Reads a mapped file from front to back, little-endian, and never past its end.
final class ByteCursor {
  private final Path path;
  private final MemorySegment bytes;
  private long position;

  ByteCursor(MappedFile file, long position) {
    this(file.path(), file.bytes(), position);
  }

  ByteCursor(Path path, MemorySegment bytes, long position) {
    this.path = path;
    this.bytes = bytes;
    this.position = position;
  }

  long position() {
    return position;
  }

  long remaining() {
    return bytes.byteSize() - position;
  }

  /// Steps over `count` bytes and returns where they start.
  ///
  /// @param what what they are, for the message
  long skip(long count, String what) {
    if (count < 0 || count > remaining()) {
      throw WeightException.cutShort(path, what, position, count, bytes.byteSize());
    }
    long start = position;
    position += count;
    return start;
  }

  byte readByte(String what) {
    return bytes.get(JAVA_BYTE, skip(1, what));
  }

  short readShort(String what) {
    return bytes.get(JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN), skip(2, what));
  }

  int readInt(String what) {
    return bytes.get(JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN), skip(4, what));
  }

  long readLong(String what) {
    return bytes.get(JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN), skip(8, what));
  }

  float readFloat(String what) {
    return bytes.get(JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN), skip(4, what));
  }

  double readDouble(String what) {
    return bytes.get(JAVA_DOUBLE_UNALIGNED.withOrder(LITTLE_ENDIAN), skip(8, what));
  }

  MemorySegment readBytes(long count, String what) {
    return bytes.asSlice(skip(count, what), count);
  }

  /// What was read since then.
  MemorySegment since(long start) {
    return bytes.asSlice(start, position - start);
  }

  /// A count of things of which each takes at least `minimum` bytes, so that no count can ask for
  /// more memory than the file is long.
  long readCount(long minimum, String what) {
    long start = position;
    long count = readLong(what);
    if (count < 0 || count > remaining() / minimum) {
      throw WeightException.impossibleCount(path, what, start, count, remaining());
    }
    return count;
  }

  /// UTF-8 text behind its length as 64 bits.
  String readText(long longest, String what) {
    long start = position;
    long length = readCount(1, what);
    if (length > longest) {
      throw WeightException.textTooLong(path, what, start, length, longest);
    }
    try {
      ByteBuffer encoded = readBytes(length, what).asByteBuffer();
      return StandardCharsets.UTF_8.newDecoder().decode(encoded).toString();
    } catch (CharacterCodingException _) {
      throw WeightException.invalidUtf8(path, what, start);
    }
  }
}
