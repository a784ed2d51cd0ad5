package dev.weir.text;

import java.util.OptionalInt;

/// A token as a user names it: by its text, or by its id after `#`.
public final class NamedToken {

  private NamedToken() {}

  /// The id of a token.
  ///
  /// @param name its text as it stands in a sentence, its piece in the vocabulary, or `#123`
  /// @param tokenizer whose token
  /// @throws TextException if the text is several tokens
  public static int id(String name, Tokenizer tokenizer) {
    if (name.matches("#\\d{1,9}")) {
      return Integer.parseInt(name.substring(1));
    }
    OptionalInt id = tokenizer.id(name);
    if (id.isPresent()) {
      return id.getAsInt();
    }
    int[] ids = tokenizer.encode(name, Bos.NONE).ids();
    if (ids.length != 1) {
      throw TextException.notOneToken(name, ids.length);
    }
    return ids[0];
  }

  /// The id of the first token of an answer, which may be several.
  ///
  /// @param answer as in [#id]
  /// @param tokenizer whose token
  public static int first(String answer, Tokenizer tokenizer) {
    int[] ids = tokenizer.encode(answer, Bos.NONE).ids();
    return answer.startsWith("#") || ids.length < 2 ? id(answer, tokenizer) : ids[0];
  }
}
