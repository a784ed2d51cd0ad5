package dev.weir.readout.probe;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/// Rows of equal width in a file that goes when it is closed.
final class RowFile implements AutoCloseable {
  private static final int BLOCK_NUMBERS = 1 << 20;

  private final FileChannel channel;
  private int width = -1;
  private int count;

  private RowFile(FileChannel channel) {
    this.channel = channel;
  }

  static RowFile create() throws IOException {
    Path file = Files.createTempFile("weir-rows", ".f32");
    return new RowFile(
        FileChannel.open(
            file,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE));
  }

  /// Told of each block.
  interface Reader {
    /// A block of rows.
    ///
    /// @param indices of the rows
    /// @param values row by row
    void accept(int[] indices, float[] values);
  }

  void add(float[] row) throws IOException {
    width = width < 0 ? row.length : width;
    if (row.length != width) {
      throw new IllegalStateException("rows of one place have one width");
    }
    ByteBuffer bytes = ByteBuffer.allocate(row.length * Float.BYTES).order(ByteOrder.nativeOrder());
    bytes.asFloatBuffer().put(row);
    while (bytes.hasRemaining()) {
      channel.write(bytes, channel.size());
    }
    count++;
  }

  int width() {
    return width;
  }

  /// Goes through some of the rows, in order.
  void forEach(boolean[] chosen, Reader reader) throws IOException {
    int block = Math.max(1, BLOCK_NUMBERS / width);
    for (int from = 0; from < count; from += block) {
      int rows = Math.min(block, count - from);
      float[] all = read(from, rows);
      int[] indices = new int[rows];
      int kept = 0;
      for (int row = 0; row < rows; row++) {
        if (chosen[from + row]) {
          System.arraycopy(all, row * width, all, kept * width, width);
          indices[kept++] = from + row;
        }
      }
      if (kept > 0) {
        reader.accept(Arrays.copyOf(indices, kept), Arrays.copyOf(all, kept * width));
      }
    }
  }

  private float[] read(int from, int rows) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(rows * width * Float.BYTES).order(ByteOrder.nativeOrder());
    long at = (long) from * width * Float.BYTES;
    while (bytes.hasRemaining() && channel.read(bytes, at + bytes.position()) >= 0) {
      // Until all of it is there.
    }
    float[] numbers = new float[rows * width];
    bytes.flip().asFloatBuffer().get(numbers);
    return numbers;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw ProbeException.disk("removed from", e);
    }
  }
}
