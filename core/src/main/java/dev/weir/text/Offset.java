package dev.weir.text;

/// The part of a text that a token came from.
///
/// @param start its first UTF-16 char
/// @param end the char after its last; equal to `start` for a token that was put in
public record Offset(int start, int end) {

  /// How many UTF-16 chars of the text it covers.
  public int length() {
    return end - start;
  }

  /// The part itself.
  ///
  /// @param text the text that was encoded
  public String of(String text) {
    return text.substring(start, end);
  }
}
