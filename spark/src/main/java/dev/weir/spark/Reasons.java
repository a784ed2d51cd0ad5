package dev.weir.spark;

import dev.weir.WeirException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Why something failed, in one line.
final class Reasons {
  /// How Spark leads to the reason: the last attempt, its number, machine and executor.
  private static final Pattern LAST_ATTEMPT = Pattern.compile("most recent failure: (.*)");

  private Reasons() {}

  /// Weir's own message, if the failure came from it; else what Spark says first.
  ///
  /// @param failure what was thrown
  static String of(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof WeirException ours) {
        return ours.getMessage();
      }
    }
    String line =
        String.valueOf(failure.getMessage()).lines().findFirst().orElse(failure.toString());
    Matcher last = LAST_ATTEMPT.matcher(line);
    return last.find() ? last.group(1) : line;
  }
}
