package dev.weir.page.change;

import dev.weir.page.run.OpenModel;
import dev.weir.text.Tokenizer;

/// Whether two models mean the same by their tokens.
final class Vocabularies {
  private Vocabularies() {}

  /// Whether every token of one is the same in the other.
  static boolean same(OpenModel first, OpenModel second) {
    return first.id().equals(second.id()) || same(first.tokenizer(), second.tokenizer());
  }

  private static boolean same(Tokenizer first, Tokenizer second) {
    int count = first.vocabSize();
    if (count != second.vocabSize()) {
      return false;
    }
    for (int token = 0; token < count; token++) {
      if (!first.piece(token).equals(second.piece(token))) {
        return false;
      }
    }
    return true;
  }
}
