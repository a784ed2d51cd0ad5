package dev.weir.weights.hub;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// What a file must hash to.
///
/// @param kind how it is hashed
/// @param hex the hash, in lower-case hexadecimal digits
public record HubDigest(Kind kind, String hex) {

  /// How a file is hashed.
  public enum Kind {
    /// SHA-256 of the content: large files.
    SHA256("SHA-256", 64),
    /// SHA-1 of `blob <length>` and a zero byte, then the content: Git's name of a file.
    GIT_BLOB("SHA-1", 40);

    private final String algorithm;
    private final int digits;

    Kind(String algorithm, int digits) {
      this.algorithm = algorithm;
      this.digits = digits;
    }
  }

  boolean isWellFormed() {
    return hex.length() == kind.digits && hex.matches("[0-9a-f]+");
  }

  /// The hash of a file, of this kind.
  String of(Path file) throws IOException {
    MessageDigest digest = newDigest();
    if (kind == Kind.GIT_BLOB) {
      String prefix = "blob " + Files.size(file) + "\0";
      digest.update(prefix.getBytes(StandardCharsets.US_ASCII));
    }
    byte[] buffer = new byte[1 << 16];
    try (InputStream content = Files.newInputStream(file)) {
      for (int n = content.read(buffer); n >= 0; n = content.read(buffer)) {
        digest.update(buffer, 0, n);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance(kind.algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has " + kind.algorithm, e);
    }
  }
}
