package dev.weir.weights;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// Weight files built byte by byte, right or wrong as a test wants them.
final class TestFiles {

  private TestFiles() {}

  static Path write(Path file, byte[] bytes) {
    try {
      return Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A safetensors file of this header and data of this many bytes: 0, 1, 2 …
  static byte[] safetensors(String header, int dataBytes) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer file = little(8 + json.length + dataBytes);
    file.putLong(json.length).put(json);
    for (int i = 0; i < dataBytes; i++) {
      file.put((byte) i);
    }
    return bytes(file);
  }

  static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /// All bytes of a buffer, wherever it stands.
  static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.capacity()];
    buffer.get(0, bytes);
    return bytes;
  }

  /// A GGUF file in the making.
  static final class GgufBytes {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    GgufBytes header(int version, long tensors, long pairs) {
      return raw("GGUF".getBytes(StandardCharsets.US_ASCII)).i32(version).i64(tensors).i64(pairs);
    }

    GgufBytes raw(byte[] more) {
      bytes.writeBytes(more);
      return this;
    }

    GgufBytes i32(int value) {
      return raw(bytes(little(4).putInt(value)));
    }

    GgufBytes i64(long value) {
      return raw(bytes(little(8).putLong(value)));
    }

    GgufBytes text(String text) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      return i64(utf8.length).raw(utf8);
    }

    /// A tensor's description; sizes as the file lists them, innermost first.
    GgufBytes tensor(String name, int type, long offset, long... sizes) {
      text(name).i32(sizes.length);
      for (long size : sizes) {
        i64(size);
      }
      return i32(type).i64(offset);
    }

    GgufBytes pad(int alignment) {
      while (bytes.size() % alignment != 0) {
        bytes.write(0);
      }
      return this;
    }

    byte[] build() {
      return bytes.toByteArray();
    }
  }

  /// A llama2.c model of version 0 with dim 4, hidden 6, 2 layers, 2 heads, 1 key/value head, 3
  /// tokens, 5 positions, whose floats are 0, 1, 2 …; a negative vocabulary separates the
  /// unembedding.
  static byte[] llama2cV0(int vocabulary) {
    int floats = 3 * 4 + 2 * 4 + 2 * (16 + 8 + 8 + 16) + 2 * 4 + 3 * 2 * 24 + 4 + 2 * 5;
    int total = floats + (vocabulary < 0 ? 12 : 0);
    ByteBuffer file = little(28 + 4 * total);
    file.putInt(4).putInt(6).putInt(2).putInt(2).putInt(1).putInt(vocabulary).putInt(5);
    for (int i = 0; i < total; i++) {
      file.putFloat(i);
    }
    return bytes(file);
  }
}
