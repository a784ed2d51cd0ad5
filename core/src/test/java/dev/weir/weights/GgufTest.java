package dev.weir.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.weights.TestFiles.GgufBytes;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufTest {
  private static final int F32 = 0;

  @TempDir private Path folder;

  static Path golden(String name) {
    URL url = GgufTest.class.getResource("/golden/gguf/" + name);
    try {
      return Path.of(Objects.requireNonNull(url).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void everyBlockFormatGivesTheBitsOfTheReference() throws IOException {
    ByteBuffer reference =
        ByteBuffer.wrap(Files.readAllBytes(golden("blocks.bin"))).order(ByteOrder.LITTLE_ENDIAN);
    try (Gguf gguf = Gguf.open(golden("blocks.gguf"))) {
      for (String name : List.of("Q8_0", "Q4_0", "Q4_K", "Q5_K", "Q6_K")) {
        WeightEntry entry = gguf.entry(name);
        float[] expected = new float[(int) entry.elements()];
        for (int i = 0; i < expected.length; i++) {
          expected[i] = reference.getFloat();
        }
        assertThat(entry.encoding()).isEqualTo(Encoding.valueOf(name));
        assertThat(bits(entry.toFloats())).as(name).isEqualTo(bits(expected));
      }
    }
    assertThat(reference.hasRemaining()).isFalse();
  }

  @Test
  void rowsAreDequantisedAlone() {
    try (Gguf gguf = Gguf.open(golden("blocks.gguf"))) {
      for (String name : gguf.names()) {
        WeightEntry entry = gguf.entry(name);
        int rowLength = (int) entry.rowLength();
        float[] all = entry.toFloats();
        for (int row = 0; row < entry.rows(); row++) {
          float[] one = new float[rowLength];
          entry.dequantizeRowsTo(row, 1, MemorySegment.ofArray(one));
          assertThat(one)
              .as("row %d of %s", row, name)
              .containsExactly(Arrays.copyOfRange(all, row * rowLength, (row + 1) * rowLength));
        }
        assertThatThrownBy(
                () -> entry.dequantizeRowsTo(entry.rows(), 1, MemorySegment.ofArray(all)))
            .isInstanceOf(IndexOutOfBoundsException.class);
      }
    }
  }

  @Test
  void sizesAreRowMajor() {
    try (Gguf gguf = Gguf.open(golden("blocks.gguf"))) {
      assertThat(gguf.entry("Q8_0").sizes()).containsExactly(3L, 96L);
      assertThat(gguf.entry("F32").sizes()).containsExactly(2L, 3L);
      assertThat(gguf.entry("F32").toFloats()).containsExactly(0, 1, 2, 3, 4, 5);
      assertThat(gguf.entry("F16").toFloats()).containsExactly(1, -0.5f, 0x1p-24f, 65504);
      assertThat(gguf.entry("BF16").toFloats()[1]).isEqualTo(-3.5f);
    }
  }

  @Test
  void metadataOfEveryKindIsReadAsWhatItIs() {
    try (Gguf gguf = Gguf.open(golden("blocks.gguf"))) {
      GgufMetadata pairs = gguf.keyValues();
      assertThat(pairs.text("general.architecture")).contains("llama");
      assertThat(pairs.text("test.text")).contains("weir \u2581 \ud83c\udf0a");
      assertThat(pairs.whole("test.u8")).hasValue(200);
      assertThat(pairs.whole("test.i8")).hasValue(-5);
      assertThat(pairs.whole("test.u16")).hasValue(60_000);
      assertThat(pairs.whole("test.i16")).hasValue(-30_000);
      assertThat(pairs.whole("test.u32")).hasValue(4_000_000_000L);
      assertThat(pairs.whole("test.i32")).hasValue(-2_000_000_000);
      assertThat(pairs.whole("test.i64")).hasValue(-(1L << 62));
      assertThat(pairs.number("test.f32")).hasValue(1e-5f);
      assertThat(pairs.number("test.f64")).hasValue(0.1);
      assertThat(pairs.number("test.u8")).hasValue(200);
      assertThat(pairs.flag("test.yes")).contains(true);
      assertThat(pairs.flag("test.no")).contains(false);
      assertThat(pairs.texts("test.texts")).contains(List.of("<s>", "\u2581a", ""));
      assertThat(pairs.wholes("test.wholes").orElseThrow()).containsExactly(1, -2, 3);
      assertThat(pairs.floats("test.floats").orElseThrow()).containsExactly(0.5f, -1.25f);
      assertThat(pairs.text("absent")).isEmpty();
      assertThat(gguf.metadata())
          .containsEntry("test.u64", "9223372036854775809")
          .containsEntry("test.texts", "an array of 3 STRING");
    }
  }

  @Test
  void aValueOfAnotherKindIsAnError() {
    try (Gguf gguf = Gguf.open(golden("blocks.gguf"))) {
      assertThatThrownBy(() -> gguf.keyValues().whole("test.text"))
          .isInstanceOf(WeightException.class)
          .hasMessageContaining("The metadata key 'test.text' is a text, expected a whole number");
      assertThatThrownBy(() -> gguf.keyValues().whole("test.u64"))
          .hasMessageContaining("is 9223372036854775809, which does not fit in 63 bits");
      assertThatThrownBy(() -> gguf.keyValues().texts("test.wholes"))
          .hasMessageContaining("is an array of 3 INT32, expected an array of texts");
    }
  }

  @Test
  void aTypeThatIsNotReadIsNamed() {
    refuses(
        new GgufBytes().header(3, 1, 0).tensor("w", 10, 0, 256).pad(32).raw(new byte[84]),
        "The tensor has type Q2_K",
        "tensor 'w'",
        "choose another quantisation");
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, -1, Long.MAX_VALUE, 1_000_000})
  void absurdCountsAreRefusedBeforeAnythingIsAllocated(long count) {
    refuses(new GgufBytes().header(3, count, 0), "The number of tensors is");
    refuses(new GgufBytes().header(3, 0, count), "The number of metadata pairs is");
    refuses(new GgufBytes().header(3, 0, 1).i64(count).raw(new byte[64]), "Metadata key 0 is");
    refuses(
        new GgufBytes().header(3, 0, 1).text("a").i32(9).i32(4).i64(count), "The length of a is");
  }

  @Test
  void arraysNestedTooDeepAreRefused() {
    GgufBytes nested = new GgufBytes().header(3, 0, 1).text("a").i32(9);
    for (int depth = 0; depth < 6; depth++) {
      nested.i32(9).i64(1);
    }
    refuses(nested.raw(new byte[64]), "nests arrays more than 4 deep");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, -32})
  void alignmentMustBeAPowerOfTwo(int alignment) {
    refuses(
        new GgufBytes().header(3, 0, 1).text("general.alignment").i32(5).i32(alignment),
        "general.alignment is " + alignment);
  }

  @Test
  void theAlignmentOfTheFileIsObeyed() {
    byte[] bytes =
        new GgufBytes()
            .header(2, 1, 1)
            .text("general.alignment")
            .i32(4)
            .i32(128)
            .tensor("w", F32, 0, 1)
            .pad(128)
            .i32(Float.floatToIntBits(2.5f))
            .build();
    try (Gguf gguf = Gguf.open(TestFiles.write(folder.resolve("a.gguf"), bytes))) {
      assertThat(gguf.entry("w").toFloats()).containsExactly(2.5f);
    }
  }

  @Test
  void damagedHeadersAreNamed() {
    refuses(new GgufBytes().header(1, 0, 0), "This is GGUF version 1, expected 2 or 3");
    refuses(new GgufBytes().header(3 << 24, 0, 0), "This GGUF file is big-endian");
    refuses(
        new GgufBytes().header(3, 1, 0).tensor("w", F32, 0, 1L << 62, 4).pad(32),
        "multiply to more than any file can hold");
    refuses(new GgufBytes().header(3, 1, 0).tensor("w", F32, 0, -1).pad(32), "A size is negative");
    refuses(new GgufBytes().header(3, 1, 0).tensor("w", F32, 0, 1, 1, 1, 1, 1), "has 5 axes");
    refuses(
        new GgufBytes().header(3, 1, 0).tensor("w", F32, 7, 1).pad(32).i32(0),
        "starts at byte 7 of the data, expected a multiple of 32");
    refuses(
        new GgufBytes().header(3, 1, 0).tensor("w", 8, 0, 33).pad(32).raw(new byte[64]),
        "the innermost of the sizes [33] is no multiple");
    refuses(
        new GgufBytes().header(3, 1, 0).tensor("w", F32, 0, 2).pad(32).i32(0),
        "claims bytes 0 to 8 of the data, which has 4");
    refuses(
        new GgufBytes()
            .header(3, 2, 0)
            .tensor("w", F32, 0, 16)
            .tensor("v", F32, 32, 1)
            .pad(32)
            .raw(new byte[64]),
        "The tensor starts at byte 32 of the data, but 'w' reaches to byte 64");
    refuses(
        new GgufBytes()
            .header(3, 2, 0)
            .tensor("w", F32, 0, 1)
            .tensor("w", F32, 32, 1)
            .pad(32)
            .raw(new byte[64]),
        "Two tensors have the same name");
    refuses(
        new GgufBytes()
            .header(3, 0, 2)
            .text("k")
            .i32(7)
            .raw(new byte[1])
            .text("k")
            .i32(7)
            .raw(new byte[1]),
        "The metadata has the key 'k' twice");
    refuses(new GgufBytes().header(3, 0, 1).text("k").i32(13).i32(0), "type 13, expected 0 to 12");
    refuses(
        new GgufBytes().header(3, 0, 1).text("k").i32(7).raw(new byte[] {2}),
        "is the truth value 2, expected 0 or 1");
    refuses(
        new GgufBytes().header(3, 0, 1).text("k").i32(8).i64(1).raw(new byte[] {(byte) 0xFF}),
        "K is not valid UTF-8");
  }

  private void refuses(GgufBytes bytes, String... parts) {
    Path file = TestFiles.write(folder.resolve("bad.gguf"), bytes.build());
    assertThatThrownBy(() -> Gguf.open(file).close())
        .isInstanceOf(WeightException.class)
        .hasMessageContainingAll(parts)
        .hasMessageContaining(file.toString());
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }
}
