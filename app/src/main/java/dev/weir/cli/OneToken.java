package dev.weir.cli;

import dev.weir.text.Bos;
import dev.weir.text.Tokenizer;
import java.util.OptionalInt;

/// A token that somebody names on the command line or in a file of prompts.
final class OneToken {
  private OneToken() {}

  /// Its id.
  ///
  /// @param text its text, a piece of the vocabulary, or its id after `#`
  /// @param tokenizer knows the vocabulary
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
}
