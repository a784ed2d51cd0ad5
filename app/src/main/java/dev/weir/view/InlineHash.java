package dev.weir.view;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/// What a content security policy calls a script or a style sheet that stands in the page itself.
public final class InlineHash {
  private InlineHash() {}

  /// The name of a source, `sha256-…`.
  ///
  /// @param source what stands between the tags
  public static String of(String source) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(source.getBytes(StandardCharsets.UTF_8));
      return "sha256-" + Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256", e);
    }
  }
}
