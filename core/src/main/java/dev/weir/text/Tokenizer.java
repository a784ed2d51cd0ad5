package dev.weir.text;

import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/// Turns text into token ids and back. Safe to use from several threads until it is closed.
public interface Tokenizer extends AutoCloseable {

  /// The tokens of a text, with the part of the text behind each.
  ///
  /// @param text any text without lone surrogates; may be empty
  /// @param bos whether a beginning-of-sequence token goes in front
  /// @throws TextException if the text holds half of a surrogate pair, if it is longer than the
  ///   tokenizer can take, or if `PREPEND` is asked for and there is no such token
  TokenSequence encode(String text, Bos bos);

  /// The text of some tokens. An id that has no token adds nothing; bytes that are not UTF-8 become
  /// U+FFFD.
  ///
  /// @param tokens the ids, none negative
  /// @param special whether special tokens are written
  /// @throws TextException if an id is negative
  String decode(int[] tokens, SpecialTokens special);

  /// The text of some tokens, special ones left out.
  ///
  /// @param tokens the ids, none negative
  /// @throws TextException if an id is negative
  default String decode(int[] tokens) {
    return decode(tokens, SpecialTokens.LEAVE_OUT);
  }

  /// A token as the vocabulary writes it, for instance `Ġthe`; empty for an id without a token.
  ///
  /// @param id the id
  String piece(int id);

  /// A token on its own, fit for a table: ` the`, `\n`, `<0xE2>` for a byte that is no character by
  /// itself, `<no token 50280>` for an id without a token.
  ///
  /// @param id the id
  String token(int id);

  /// The id of a piece as the vocabulary writes it; empty if there is none.
  ///
  /// @param piece for instance `Ġthe`
  OptionalInt id(String piece);

  /// One more than the highest id.
  int vocabSize();

  /// The beginning-of-sequence token; empty if there is none.
  OptionalInt bos();

  /// The end-of-sequence token; empty if there is none.
  OptionalInt eos();

  /// Every token that ends a generated text.
  Set<Integer> eosTokens();

  /// Tokens that are found in a text before anything else, by id.
  List<AddedToken> addedTokens();

  /// Frees what the tokenizer holds outside the heap. Closing twice is harmless.
  @Override
  void close();
}
