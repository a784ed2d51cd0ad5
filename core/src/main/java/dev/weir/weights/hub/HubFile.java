package dev.weir.weights.hub;

import java.util.Locale;

/// A file of a repository.
///
/// @param path its path in the repository, with `/` between folders
/// @param size its length in bytes
/// @param digest what it hashes to
public record HubFile(String path, long size, HubDigest digest) {

  /// Whether it lies in no folder.
  boolean isTopLevel() {
    return path.indexOf('/') < 0;
  }

  boolean endsIn(String ending) {
    return path.toLowerCase(Locale.ROOT).endsWith(ending);
  }

  /// The rules a path keeps, so that nothing is ever written outside the target folder.
  static boolean isSafe(String path) {
    for (String segment : path.split("/", -1)) {
      if (segment.isBlank() || segment.equals(".") || segment.equals("..")) {
        return false;
      }
    }
    return path.length() < 1000
        && path.chars().noneMatch(c -> c < ' ' || c == 0x7F || c == '\\' || c == ':');
  }
}
