package dev.weir.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `.npy` files against what NumPy wrote, and against files made to do harm.
class NpyHeaderTest {
  private static final Path NAME = Path.of("a.npy");

  /// `numpy.save` of `numpy.array([[0.1, -2, 3]], '<f8')`, NumPy 2: the header, then the numbers.
  private static final String HEADER =
      "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 3), }";

  private static final String NUMBERS = "9a9999999999b93f00000000000000c00000000000000840";

  private static byte[] file(int version, String header, byte[] numbers) {
    ByteBuffer bytes =
        ByteBuffer.allocate(12 + header.length() + numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0});
    if (version == 1) {
      bytes.putShort((short) header.length());
    } else {
      bytes.putInt(header.length());
    }
    bytes.put(header.getBytes(StandardCharsets.ISO_8859_1)).put(numbers);
    return Arrays.copyOf(bytes.array(), bytes.position());
  }

  private static byte[] file(String header) {
    return file(1, header, HexFormat.of().parseHex(NUMBERS));
  }

  private static WeightEntry read(byte[] file) {
    return NpyHeader.array(file, NAME);
  }

  private static void refuses(byte[] file, String why) {
    assertThatExceptionOfType(WeightException.class)
        .isThrownBy(() -> read(file))
        .withMessageStartingWith(why)
        .withMessageContaining("a.npy")
        .withMessageContaining("To fix: ");
  }

  @Test
  void readsWhatNumPyWritesInEveryVersionOfTheFormat() {
    for (int version = 1; version <= 3; version++) {
      WeightEntry array = read(file(version, HEADER, HexFormat.of().parseHex(NUMBERS)));
      assertThat(array.sizes()).containsExactly(1L, 3L);
      assertThat(array.toDoubles()).containsExactly(0.1, -2, 3);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "<f4, 0000c03f000000c0, 1.5, -2",
    "<f2, 003e00c0, 1.5, -2",
    "<i8, 0700000000000000feffffffffffffff, 7, -2",
    "<i4, 07000000feffffff, 7, -2",
    "<i2, 0700feff, 7, -2",
    "|i1, 07fe, 7, -2",
    "<u8, 07000000000000000800000000000000, 7, 8",
    "<u4, 07000000feffff00, 7, 16777214",
    "<u2, 0700feff, 7, 65534",
    "|u1, 07fe, 7, 254",
    "|b1, 0100, 1, 0"
  })
  void readsEveryPlainNumber(String type, String numbers, double first, double second) {
    String header = HEADER.replace("<f8", type).replace("(1, 3)", "(2,)");
    assertThat(read(file(1, header, HexFormat.of().parseHex(numbers))).toDoubles())
        .containsExactly(first, second);
  }

  @Test
  void aSingleNumberHasNoSizes() {
    WeightEntry number = read(file(1, HEADER.replace("1, 3", ""), new byte[8]));
    assertThat(number.sizes()).isEmpty();
    assertThat(number.toDoubles()).containsExactly(0);
  }

  @Test
  void aFileThatEndsTooSoonOrTooLateIsRefused() {
    byte[] whole = file(HEADER);
    for (int length = 0; length < whole.length; length++) {
      refuses(Arrays.copyOf(whole, length), "This .npy file cannot be read: ");
    }
    refuses(
        Arrays.copyOf(whole, whole.length + 1),
        "This .npy file cannot be read: its shape [1, 3] asks for 24 bytes of numbers, but 25 follow.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "'<f8'             ; '|O'      ; it holds Python objects, which can run code",
        "'<f8'             ; '>f8'     ; its numbers are of type '>f8'",
        "'<f8'             ; '<c16'    ; its numbers are of type '<c16'",
        "'<f8'             ; [('x', 1)]; its header names no type of number",
        "'fortran_order': F; 'x': F    ; its header names no order",
        "False             ; True      ; its numbers lie column by column",
        "(1, 3)            ; [1, 3]    ; its header names no shape",
        "(1, 3)            ; (1, x)    ; its shape is (1, x)",
        "(1, 3)            ; (9999999999999999999,) ; its shape is (9999999999999999999,)",
        "(1, 3)            ; (2, 3)    ; its shape [2, 3] asks for 48 bytes",
        "(1, 3)            ; (0, 3)    ; its shape [0, 3] asks for 0 bytes"
      },
      quoteCharacter = '\0')
  void whatIsNoPlainArrayIsRefused(String old, String replacement, String why) {
    assertThat(HEADER).contains(old);
    refuses(file(HEADER.replace(old, replacement)), "This .npy file cannot be read: " + why);
  }

  @Test
  void sizesThatNoFileHasAreRefused() {
    refuses(file(HEADER.replace("1, 3", "-1, -3")), "A size is negative: [-1, -3].");
    refuses(
        file(HEADER.replace("1, 3", "99999999999, 99999999999, 0")),
        "The sizes [99999999999, 99999999999, 0] multiply to more than any file can hold.");
  }

  @Test
  void aHeaderLongerThanTheFileIsRefused() {
    byte[] file = file(2, HEADER, new byte[24]);
    file[11] = 0x7F;
    refuses(file, "This .npy file cannot be read: its header is damaged.");
    file[11] = -1;
    refuses(file, "This .npy file cannot be read: its header is damaged.");
    file[6] = 9;
    refuses(file, "This .npy file cannot be read: its header is damaged.");
  }
}
