package dev.weir.readout.causal;

import java.util.Arrays;
import java.util.List;

/// Two prompts that differ in what is asked about and in nothing else, token by token.
///
/// @param clean the prompt whose answer is looked at
/// @param corrupt the same prompt with something exchanged, as many tokens
/// @param answer the token that is right after the clean prompt
/// @param wrong the token that is right after the corrupted one
/// @param where where the pair comes from, for messages
@SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
public record PromptPair(int[] clean, int[] corrupt, int answer, int wrong, String where) {

  /// A pair.
  ///
  /// @throws CausalException if the prompts are of different lengths or the same
  public PromptPair {
    if (clean.length != corrupt.length) {
      throw CausalException.lengthsDiffer(clean.length, corrupt.length, where);
    }
    if (Arrays.equals(clean, corrupt)) {
      throw CausalException.samePrompts(where);
    }
  }

  /// Complains about pairs that cannot run together.
  ///
  /// @throws CausalException if there is none, or two differ in length
  static void requireOneLength(List<PromptPair> pairs) {
    int length = pairs.stream().findFirst().orElseThrow(CausalException::noPairs).length();
    requireLength(pairs, length);
  }

  static void requireLength(List<PromptPair> pairs, int length) {
    for (PromptPair pair : pairs) {
      if (pair.length() != length) {
        throw CausalException.pairLengthsDiffer(length, pair.length(), pair.where());
      }
    }
  }

  /// How many tokens each has.
  public int length() {
    return clean.length;
  }

  /// The first position at which the prompts differ. Before it, the two runs of a model that looks
  /// back only are the same.
  public int firstDifference() {
    return Arrays.mismatch(clean, corrupt);
  }
}
