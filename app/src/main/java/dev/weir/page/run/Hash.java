package dev.weir.page.run;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// Short names for contents: the same contents have the same name.
final class Hash {
  /// Two of a million contents share a name once in 10¹⁰ tries.
  private static final int BYTES = 9;

  private Hash() {}

  /// Eighteen hexadecimal digits.
  static String of(byte[] contents) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(contents);
      return HexFormat.of().formatHex(digest, 0, BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256", e);
    }
  }
}
