package dev.weir.text;

/// A token that is found in a text before anything else is split or merged.
///
/// @param id its id
/// @param content how it is written
/// @param role whether it is text
public record AddedToken(int id, String content, Role role) {

  /// What an added token is for.
  public enum Role {
    /// A mark for the model, left out of decoded text.
    SPECIAL,
    /// A piece of text like any other.
    TEXT
  }

  /// Whether it is a mark and no text.
  public boolean isSpecial() {
    return role == Role.SPECIAL;
  }
}
