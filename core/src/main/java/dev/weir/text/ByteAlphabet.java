package dev.weir.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The one printable character that byte-level BPE writes for each byte (Radford et al. 2019,
/// "Language Models are Unsupervised Multitask Learners", section 2.2): printable Latin-1 stands
/// for itself, the rest for U+0100 and up in order.
final class ByteAlphabet {
  private static final char[] CHARS = chars();
  private static final int[] BYTES = bytes();

  private ByteAlphabet() {}

  /// The character for a byte.
  static char charOf(int unsignedByte) {
    return CHARS[unsignedByte];
  }

  /// A text's UTF-8 bytes, each as its character.
  static String spell(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    StringBuilder spelled = new StringBuilder(utf8.length);
    for (byte b : utf8) {
      spelled.append(CHARS[b & 0xFF]);
    }
    return spelled.toString();
  }

  /// The bytes that a piece stands for; a piece with other characters stands for its own UTF-8.
  static byte[] unspell(String piece) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(piece.length());
    for (int i = 0; i < piece.length(); i++) {
      char c = piece.charAt(i);
      if (c >= BYTES.length || BYTES[c] < 0) {
        return piece.getBytes(StandardCharsets.UTF_8);
      }
      bytes.write(BYTES[c]);
    }
    return bytes.toByteArray();
  }

  private static char[] chars() {
    char[] chars = new char[256];
    char next = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      chars[b] = printable ? (char) b : next++;
    }
    return chars;
  }

  private static int[] bytes() {
    int[] bytes = new int[0x200];
    Arrays.fill(bytes, -1);
    for (int b = 0; b < 256; b++) {
      bytes[CHARS[b]] = b;
    }
    return bytes;
  }
}
