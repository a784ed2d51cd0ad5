package dev.weir.text;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// How a vocabulary writes spaces and bytes.
enum PieceStyle {
  /// Every byte is a character of [ByteAlphabet].
  BYTE_LEVEL,
  /// U+2581 is a space, and `<0xNN>` a byte.
  METASPACE,
  /// As it stands, but `<0xNN>` is a byte.
  PLAIN;

  private static final String METASPACE_CHAR = "\u2581";

  /// The bytes that a piece stands for.
  byte[] bytes(String piece) {
    if (this == BYTE_LEVEL) {
      return ByteAlphabet.unspell(piece);
    }
    int b = byteToken(piece);
    if (b >= 0) {
      return new byte[] {(byte) b};
    }
    String text = this == METASPACE ? piece.replace(METASPACE_CHAR, " ") : piece;
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /// The piece as a person reads it: control characters escaped, and bytes that are no character by
  /// themselves as `<0xNN>`.
  String printable(String piece) {
    byte[] bytes = bytes(piece);
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return escaped(text);
    } catch (CharacterCodingException notUtf8) {
      StringBuilder hex = new StringBuilder();
      for (byte b : bytes) {
        hex.append("<0x%02X>".formatted(b));
      }
      return hex.toString();
    }
  }

  /// The byte that `<0xNN>` names, or -1 for any other piece.
  static int byteToken(String piece) {
    if (piece.length() != 6 || !piece.startsWith("<0x") || piece.charAt(5) != '>') {
      return -1;
    }
    int high = hexDigit(piece.charAt(3));
    int low = hexDigit(piece.charAt(4));
    return high < 0 || low < 0 ? -1 : high * 16 + low;
  }

  /// The value of an ASCII hexadecimal digit, or -1.
  private static int hexDigit(char c) {
    return c < 128 ? Character.digit(c, 16) : -1;
  }

  private static String escaped(String text) {
    StringBuilder line = new StringBuilder(text.length());
    text.codePoints()
        .forEach(c -> {
          switch (c) {
            case '\n' -> line.append("\\n");
            case '\r' -> line.append("\\r");
            case '\t' -> line.append("\\t");
            default -> {
              if (Character.isISOControl(c) || c == 0x2028 || c == 0x2029) {
                line.append("\\u%04x".formatted(c));
              } else {
                line.appendCodePoint(c);
              }
            }
          }
        });
    return line.toString();
  }
}
