package dev.weir.readout.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.weir.WeirException;
import dev.weir.tensor.DType;
import dev.weir.weights.SafetensorsWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectionsTest {
  @TempDir Path folder;

  private Directions read(Path file) {
    return Directions.read(file, Optional.empty(), 3);
  }

  /// As NumPy writes it: magic, version, length of the header, header, numbers.
  private Path npy(String dtype, String order, String shape, double... values) throws IOException {
    String header =
        "{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }\n".formatted(dtype, order, shape);
    ByteBuffer bytes =
        ByteBuffer.allocate(10 + header.length() + 8 * values.length)
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    bytes.putShort((short) header.length()).put(header.getBytes(StandardCharsets.US_ASCII));
    for (double value : values) {
      if (dtype.endsWith("f4")) {
        bytes.putFloat((float) value);
      } else {
        bytes.putDouble(value);
      }
    }
    Path file = folder.resolve("d.npy");
    Files.write(file, Arrays.copyOf(bytes.array(), bytes.position()));
    return file;
  }

  @Test
  void readsRowsOfNumPyArrays() throws IOException {
    assertThat(read(npy("<f8", "False", "2, 3", 1, 2, 3, 4, 5, 6)).all().get(1).vector())
        .containsExactly(4, 5, 6);
    assertThat(read(npy("<f4", "False", "3,", 0.5, 2, 3)).all().getFirst().vector())
        .containsExactly(0.5, 2, 3);
  }

  @Test
  void readsJsonOfEveryForm() throws IOException {
    Path file = folder.resolve("d.json");
    Files.writeString(file, "[1, 2, 2]");
    assertThat(read(file).all().getFirst().length()).isEqualTo(3);
    Files.writeString(file, "[[1, 2, 3], [0, 0, 1]]");
    assertThat(read(file).all()).hasSize(2);
    Files.writeString(file, "{\"kind\": [1, 2, 3], \"rude\": [3, 2, 1]}");
    assertThat(read(file).all().get(1).label()).isEqualTo("rude");
    assertThat(read(file).at(List.of(1, 0)).all().getFirst().label()).isEqualTo("rude");
  }

  @Test
  void readsATensorOfSeveral() throws IOException {
    Path file = folder.resolve("sae.safetensors");
    MemorySegment numbers = MemorySegment.ofArray(new float[] {1, 2, 3, 4, 5, 6});
    SafetensorsWriter.write(
        file,
        List.of(
            SafetensorsWriter.Item.of("W_dec", DType.FLOAT32, List.of(2L, 3L), numbers),
            SafetensorsWriter.Item.of("W_enc", DType.FLOAT32, List.of(3L, 2L), numbers)),
        Map.of());
    assertThat(Directions.read(file, Optional.of("W_dec"), 3).all()).hasSize(2);
    refuses(() -> read(file), "The file holds 2 tensors");
    refuses(
        () -> Directions.read(file, Optional.of("W_enc"), 3),
        "A direction has 2 numbers, but the stream of this model has 3");
  }

  @Test
  void contentReadsAsItsFileDoesAndAPieceOfItNever() throws IOException {
    Path json = Files.writeString(folder.resolve("a.json"), "{\"blocks.3.hook\":[1,2,3]}");
    Path safetensors = folder.resolve("a.safetensors");
    SafetensorsWriter.write(
        safetensors,
        List.of(
            SafetensorsWriter.Item.of(
                "v", DType.FLOAT64, List.of(3L), MemorySegment.ofArray(new double[] {1, 2, 0.1}))),
        Map.of());
    for (Path file : List.of(npy("<f8", "False", "3,", 1, 2, 0.1), json, safetensors)) {
      byte[] bytes = Files.readAllBytes(file);
      String name = String.valueOf(file.getFileName());
      Direction whole = Directions.read(bytes, name, Optional.empty(), 3).all().getFirst();
      assertThat(whole.label()).isEqualTo(read(file).all().getFirst().label());
      assertThat(whole.vector()).containsExactly(1, 2, file.equals(json) ? 3 : 0.1);
      for (int length = 0; length < bytes.length; length++) {
        byte[] piece = Arrays.copyOf(bytes, length);
        assertThatExceptionOfType(WeirException.class)
            .as("%s, %d bytes", name, length)
            .isThrownBy(() -> Directions.read(piece, name, Optional.empty(), 3));
      }
    }
    refuses(
        () -> Directions.read(new byte[9], "a\0.npy", Optional.empty(), 3),
        "The file has no proper name");
  }

  @Test
  void whatIsNoDirectionIsRefusedInOneLine() throws IOException {
    refuses(() -> read(folder.resolve("none.npy")), "There is no such file");
    refuses(
        () -> read(Files.writeString(folder.resolve("a.npy"), "nonsense, really")),
        "This .npy file cannot be read: it does not begin like one");
    refuses(
        () -> read(Files.writeString(folder.resolve("a.pt"), "x")),
        "The ending says no format that directions come in");
    refuses(
        () -> read(npy("<f8", "False", "", 1)), "An array of shape [] holds no rows of directions");
    refuses(() -> read(npy("<f8", "False", "0, 3")), "There is no direction in the file");
    refuses(
        () -> read(npy("<f8", "False", "3,", 1, 2, Double.NaN)),
        "Direction '0' holds a number that is not finite");
    refuses(
        () -> read(npy("<f8", "False", "2,", 1, 2)),
        "A direction has 2 numbers, but the stream of this model has 3");
    refuses(() -> read(npy("<f8", "False", "3,", 0, 0, 0)), "Direction '0' points nowhere");
    refuses(
        () -> read(Files.writeString(folder.resolve("a.json"), "[\"x\"]")),
        "A direction is no list of numbers");
    refuses(
        () -> read(npy("<f8", "False", "3,", 1, 2, 3)).at(List.of(4)), "There is no direction 4");
  }

  private interface Reading {
    Object read() throws IOException;
  }

  private static void refuses(Reading reading, String message) {
    assertThatExceptionOfType(WeirException.class)
        .isThrownBy(reading::read)
        .withMessageStartingWith(message)
        .withMessageContaining("To fix: ");
  }
}
