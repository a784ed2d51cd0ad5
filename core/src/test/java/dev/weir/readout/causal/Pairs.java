package dev.weir.readout.causal;

import dev.weir.testing.EveryModel;

/// Pairs of prompts for small models.
final class Pairs {
  private Pairs() {}

  /// The position at which the prompts of [#of] differ: near enough to the end for windows.
  static int changed(String name) {
    return EveryModel.tokens(name).length - 3;
  }

  /// A pair for a model of [EveryModel]: one token exchanged.
  static PromptPair of(String name) {
    int[] clean = EveryModel.tokens(name);
    return new PromptPair(clean, with(clean, changed(name), 8), 2, 3, name);
  }

  /// Another one of the same length.
  static PromptPair other(String name) {
    int[] clean = with(EveryModel.tokens(name), 1, 7);
    return new PromptPair(clean, with(clean, changed(name) + 1, 4), 1, 5, name);
  }

  static int[] with(int[] tokens, int position, int token) {
    int[] changed = tokens.clone();
    changed[position] = token;
    return changed;
  }
}
