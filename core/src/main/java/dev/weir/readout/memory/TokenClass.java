package dev.weir.readout.memory;

import java.util.function.IntPredicate;

/// What kind of token stands at a position, by its text.
public enum TokenClass {
  /// The beginning of the sequence.
  BOS("BOS"),
  /// The beginning of a word: a letter after a space.
  WORD_INITIAL("word-initial"),
  /// Punctuation and other signs alone.
  PUNCTUATION("punctuation"),
  /// Digits alone.
  DIGITS("digits"),
  /// The middle of a word, spaces, bytes.
  OTHER("other");

  private final String words;

  TokenClass(String words) {
    this.words = words;
  }

  /// The class of a token.
  ///
  /// @param text as it stands in a text, with its leading space: ` the`, `ing`, `,`
  /// @param bos whether it is the beginning of the sequence
  public static TokenClass of(String text, boolean bos) {
    String bare = text.strip();
    if (bos) {
      return BOS;
    }
    if (bare.isEmpty()) {
      return OTHER;
    }
    if (all(bare, Character::isDigit)) {
      return DIGITS;
    }
    if (all(bare, c -> !Character.isLetterOrDigit(c))) {
      return PUNCTUATION;
    }
    return Character.isWhitespace(text.codePointAt(0)) && Character.isLetter(bare.codePointAt(0))
        ? WORD_INITIAL
        : OTHER;
  }

  private static boolean all(String text, IntPredicate holds) {
    return text.codePoints().allMatch(holds);
  }

  /// In words.
  public String words() {
    return words;
  }
}
