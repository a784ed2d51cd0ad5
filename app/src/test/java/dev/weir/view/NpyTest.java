package dev.weir.view;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Reads back by NumPy enhancement proposal 1: magic, version, length, dictionary, numbers.
class NpyTest {
  @TempDir Path folder;

  private record Read(String dictionary, ByteBuffer numbers) {
    static Read of(byte[] bytes) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      assertThat(bytes).startsWith((byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0);
      int length = Short.toUnsignedInt(buffer.getShort(8));
      assertThat((10 + length) % 64).isZero();
      assertThat(bytes[9 + length]).isEqualTo((byte) '\n');
      String dictionary = new String(bytes, 10, length, US_ASCII).strip();
      return new Read(
          dictionary, buffer.slice(10 + length, bytes.length - 10 - length).order(buffer.order()));
    }
  }

  private Read write(NpyArray array) throws IOException {
    Path file = folder.resolve("a.npy");
    NpyWriter.write(array, file);
    return Read.of(Files.readAllBytes(file));
  }

  @Test
  void holdsRealNumbersInCOrder() throws IOException {
    Read read = write(NpyArray.of(new double[] {1, 2, 3, 4, 5, Double.NaN}, 2, 3));

    assertThat(read.dictionary())
        .isEqualTo("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }");
    double[] numbers = new double[6];
    read.numbers().asDoubleBuffer().get(numbers);
    assertThat(numbers).containsExactly(1, 2, 3, 4, 5, Double.NaN);
  }

  @Test
  void writesTheShapesOfVectorsAndSingleNumbersAsPythonDoes() throws IOException {
    assertThat(write(NpyArray.of(new float[] {1.5f, -2}, 2)).dictionary())
        .contains("'<f4'", "'shape': (2,)");
    assertThat(write(NpyArray.of(new long[] {-7})).dictionary()).contains("'<i8'", "'shape': ()");
    assertThat(write(NpyArray.of(new float[0], 0, 4)).dictionary()).contains("'shape': (0, 4)");
  }

  @Test
  void writesNativeMemoryLongerThanAChunk() throws IOException {
    int count = 700_001;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment halves = arena.allocate(ValueLayout.JAVA_SHORT, count);
      for (int i = 0; i < count; i++) {
        halves.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (i * 31));
      }

      Read read = write(NpyArray.of(NpyArray.Type.FLOAT16, halves, count));

      assertThat(read.dictionary()).contains("'<f2'", "(700001,)");
      assertThat(read.numbers().remaining()).isEqualTo(2 * count);
      for (int i = 0; i < count; i += 9_999) {
        assertThat(read.numbers().getShort(2 * i)).isEqualTo((short) (i * 31));
      }
    }
  }

  @Test
  void refusesAShapeThatDoesNotFitTheNumbers() {
    assertThatThrownBy(() -> NpyArray.of(new double[5], 2, 3))
        .isInstanceOf(ViewException.class)
        .hasMessageContaining("It holds 40 bytes, expected 48");
    assertThatThrownBy(() -> NpyArray.of(new double[0], -1)).hasMessageContaining("negative size");
  }

  @Test
  void anArchiveHoldsEachArrayStoredUnderItsName() throws IOException {
    Path file = folder.resolve("trace.npz");
    NpzWriter.write(
        file,
        npz -> {
          npz.add("blocks.3.hook_resid_mid", NpyArray.of(new float[] {1, 2, 3, 4}, 2, 2));
          npz.add("tokens", NpyArray.of(new long[] {1, 403, 407}, 3));
        });

    try (ZipFile zip = new ZipFile(file.toFile())) {
      assertThat(zip.stream().map(ZipEntry::getName))
          .containsExactly("blocks.3.hook_resid_mid.npy", "tokens.npy");
      ZipEntry tokens = zip.getEntry("tokens.npy");
      assertThat(tokens.getMethod()).isEqualTo(ZipEntry.STORED);
      Read read = Read.of(zip.getInputStream(tokens).readAllBytes());
      assertThat(read.numbers().getLong(8)).isEqualTo(403);
    }
  }

  @Test
  void theSameArraysGiveTheSameBytes() throws IOException {
    List<Path> files = List.of(folder.resolve("a.npz"), folder.resolve("b.npz"));
    for (Path file : files) {
      NpzWriter.write(file, npz -> npz.add("x", NpyArray.of(new double[] {1}, 1)));
    }

    assertThat(files.get(0)).hasSameBinaryContentAs(files.get(1));
  }

  @Test
  void aRepeatedNameIsRefusedAndLeavesNoFile() {
    Path file = folder.resolve("twice.npz");
    NpyArray one = NpyArray.of(new double[] {1}, 1);

    assertThatThrownBy(() ->
            NpzWriter.write(
                file,
                npz -> {
                  npz.add("x", one);
                  npz.add("x", one);
                }))
        .isInstanceOf(ViewException.class)
        .hasMessageContaining("Two arrays have the name 'x'");
    assertThat(folder).isEmptyDirectory();
  }
}
