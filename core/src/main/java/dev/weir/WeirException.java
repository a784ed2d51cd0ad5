package dev.weir;

import java.io.Serial;

/// Something a user can understand and mend. Its message is one line: what is wrong, where, and how
/// to fix it. Every package has its own subclass with one factory for each way to fail.
public class WeirException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final String what;

  /// An error in three parts.
  ///
  /// @param what what is wrong, with the numbers involved
  /// @param where the file, tensor, layer or option it is about
  /// @param fix what to do about it
  protected WeirException(String what, String where, String fix) {
    super(oneLine("%s. Where: %s. To fix: %s.".formatted(what, where, fix)));
    this.what = oneLine(what);
  }

  /// An error in three parts that another one led to.
  ///
  /// @param what what is wrong, with the numbers involved
  /// @param where the file, tensor, layer or option it is about
  /// @param fix what to do about it
  /// @param cause what led to it
  protected WeirException(String what, String where, String fix, Throwable cause) {
    super(oneLine("%s. Where: %s. To fix: %s.".formatted(what, where, fix)), cause);
    this.what = oneLine(what);
  }

  /// What is wrong, without where and how to fix it, for errors that this one leads to.
  public String what() {
    return what;
  }

  /// What is wrong, where, and how to fix it, in one line.
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }

  /// File names and file contents reach messages; line breaks and control characters must not.
  private static String oneLine(String message) {
    StringBuilder line = new StringBuilder(message.length());
    message
        .codePoints()
        .forEach(c -> {
          if (Character.isISOControl(c) || c == 0x2028 || c == 0x2029) {
            line.append("\\u%04x".formatted(c));
          } else {
            line.appendCodePoint(c);
          }
        });
    return line.toString();
  }
}
