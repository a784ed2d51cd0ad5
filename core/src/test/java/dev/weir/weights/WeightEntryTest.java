package dev.weir.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WeightEntryTest {

  private static WeightEntry entry(Encoding encoding, long size, ByteBuffer bytes) {
    return new WeightEntry(
        "w", encoding, List.of(size), MemorySegment.ofArray(TestFiles.bytes(bytes)));
  }

  @Test
  void plainNumbersBecomeFloats() {
    assertThat(entry(Encoding.F64, 1, TestFiles.little(8).putDouble(0.1)).toFloats())
        .containsExactly(0.1f);
    assertThat(entry(Encoding.I64, 1, TestFiles.little(8).putLong(-3)).toFloats())
        .containsExactly(-3);
    assertThat(entry(Encoding.U64, 1, TestFiles.little(8).putLong(-1)).toFloats())
        .containsExactly(0x1p64f);
    assertThat(entry(Encoding.I32, 1, TestFiles.little(4).putInt(-3)).toFloats())
        .containsExactly(-3);
    assertThat(entry(Encoding.U32, 1, TestFiles.little(4).putInt(-1)).toFloats())
        .containsExactly(0x1p32f);
    assertThat(entry(Encoding.I16, 1, TestFiles.little(2).putShort((short) -3)).toFloats())
        .containsExactly(-3);
    assertThat(entry(Encoding.U16, 1, TestFiles.little(2).putShort((short) -1)).toFloats())
        .containsExactly(65535);
    assertThat(entry(Encoding.I8, 1, TestFiles.little(1).put((byte) -3)).toFloats())
        .containsExactly(-3);
    assertThat(entry(Encoding.U8, 1, TestFiles.little(1).put((byte) -1)).toFloats())
        .containsExactly(255);
    assertThat(entry(Encoding.BOOL, 2, TestFiles.little(2).put((byte) 1)).toFloats())
        .containsExactly(1, 0);
  }

  @Test
  void longTensorsAreDecodedWholeAcrossChunks() {
    int n = 3 * 4096 + 17;
    ByteBuffer halves = TestFiles.little(2 * n);
    for (int i = 0; i < n; i++) {
      halves.putShort(Float.floatToFloat16(i % 1000));
    }
    float[] floats = entry(Encoding.F16, n, halves).toFloats();
    for (int i = 0; i < n; i++) {
      assertThat(floats[i]).isEqualTo(i % 1000);
    }
  }

  @Test
  void theFirstNumberThatIsNotFiniteIsFound() {
    int n = 10_000;
    ByteBuffer floats = TestFiles.little(4 * n).putFloat(4 * 9_000, Float.NaN);
    assertThat(entry(Encoding.F32, n, floats).firstNonFinite()).hasValue(9_000);
    floats.putFloat(4 * 8_999, Float.NEGATIVE_INFINITY);
    assertThat(entry(Encoding.F32, n, floats).firstNonFinite()).hasValue(8_999);
    assertThat(entry(Encoding.F32, n, TestFiles.little(4 * n)).firstNonFinite()).isEmpty();
    ByteBuffer doubles = TestFiles.little(24).putDouble(1e300).putDouble(2).putDouble(Double.NaN);
    assertThat(entry(Encoding.F64, 3, doubles).firstNonFinite()).hasValue(2);
    ByteBuffer block = TestFiles.little(68).putShort(34, (short) 0x7C00);
    block.put(36, (byte) 1);
    assertThat(entry(Encoding.Q8_0, 64, block).firstNonFinite()).hasValue(32);
    assertThat(entry(Encoding.U8, 1, TestFiles.little(1)).firstNonFinite()).isEmpty();
  }

  @Test
  void sizesAndBytesMustAgree() {
    assertThatThrownBy(() -> entry(Encoding.F32, 3, TestFiles.little(8)))
        .isInstanceOf(WeightException.class)
        .hasMessageContaining("F32 [3] needs 12 bytes, but 8 are given");
    assertThatThrownBy(() -> entry(Encoding.Q4_K, 100, TestFiles.little(144)))
        .hasMessageContaining("no multiple");
  }

  @Test
  void aSingleNumberHasOneRow() {
    WeightEntry scalar =
        new WeightEntry("s", Encoding.F32, List.of(), MemorySegment.ofArray(new byte[4]));
    assertThat(scalar.elements()).isEqualTo(1);
    assertThat(scalar.rows()).isEqualTo(1);
    assertThat(scalar.toFloats()).containsExactly(0);
    WeightEntry none = entry(Encoding.F32, 0, TestFiles.little(0));
    assertThat(none.rows()).isZero();
    assertThat(none.toFloats()).isEmpty();
    assertThat(none.firstNonFinite()).isEmpty();
  }

  @Test
  void anOutputThatIsTooShortIsNotWrittenPast() {
    WeightEntry entry = entry(Encoding.F16, 4, TestFiles.little(8));
    assertThatThrownBy(() -> entry.dequantizeTo(MemorySegment.ofArray(new float[3])))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void alignmentIsThatOfTheAddress() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(16, 8);
      WeightEntry even = new WeightEntry("e", Encoding.F32, List.of(2L), memory.asSlice(4, 8));
      WeightEntry odd = new WeightEntry("o", Encoding.F32, List.of(2L), memory.asSlice(2, 8));
      assertThat(even.isAligned()).isTrue();
      assertThat(odd.isAligned()).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void everyDTypeHasItsEncoding(DType dtype) {
    Encoding encoding = Encoding.of(dtype);
    assertThat(encoding.dtype()).contains(dtype);
    assertThat(encoding.blockBytes()).isEqualTo(dtype.bytes());
  }

  @Test
  void printsAsNameEncodingAndSizes() {
    assertThat(entry(Encoding.F32, 2, TestFiles.little(8))).hasToString("w F32 [2]");
  }
}
