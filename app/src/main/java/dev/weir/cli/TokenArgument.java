package dev.weir.cli;

import dev.weir.text.Bos;
import dev.weir.text.Tokenizer;
import java.util.OptionalInt;

/// A token as a user names it: by its text, or by its id after `#`.
final class TokenArgument {

  private TokenArgument() {}

  /// The id of a token.
  ///
  /// @throws CliException if the text is several tokens
  static int id(String text, Tokenizer tokenizer) {
    if (text.matches("#\\d{1,9}")) {
      return Integer.parseInt(text.substring(1));
    }
    OptionalInt id = tokenizer.id(text);
    if (id.isPresent()) {
      return id.getAsInt();
    }
    int[] ids = tokenizer.encode(text, Bos.NONE).ids();
    if (ids.length != 1) {
      throw CliException.notHere(
          "'%s' is %d tokens, and one is followed".formatted(text, ids.length),
          "give one token, with its leading space where it has one, or its id as #123");
    }
    return ids[0];
  }

  /// The id of the first token of an answer, which may be several.
  static int first(String answer, Tokenizer tokenizer) {
    int[] ids = tokenizer.encode(answer, Bos.NONE).ids();
    return answer.startsWith("#") || ids.length < 2 ? id(answer, tokenizer) : ids[0];
  }
}
