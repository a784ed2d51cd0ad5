package dev.weir.study;

import java.util.ArrayList;
import java.util.List;

/// What a user has and wants to run, as far as a recommendation depends on it.
///
/// @param context length of a text, in tokens
/// @param sequences how many are trained or decoded at once
/// @param stages how many devices the blocks are dealt out to (pipeline parallelism)
/// @param ranks how many devices each text is dealt out to (context parallelism)
/// @param memory of one device, in bytes
/// @param bytes of a number that is computed with
public record Constraints(
    int context, int sequences, int stages, int ranks, double memory, int bytes) {

  public Constraints {
    List<String> problems = new ArrayList<>();
    atLeastOne(problems, "context", context);
    atLeastOne(problems, "batch", sequences);
    atLeastOne(problems, "stages", stages);
    atLeastOne(problems, "ranks", ranks);
    atLeastOne(problems, "bytes of a number", bytes);
    if (memory <= 0 || !Double.isFinite(memory)) {
      problems.add("memory must be above 0 bytes");
    }
    if (ranks > context) {
      problems.add(
          "a context of %d tokens cannot be dealt out to %d ranks".formatted(context, ranks));
    }
    if (!problems.isEmpty()) {
      throw StudyException.badConstraints(problems);
    }
  }

  private static void atLeastOne(List<String> problems, String name, int value) {
    if (value < 1) {
      problems.add("%s must be at least 1, not %d".formatted(name, value));
    }
  }

  /// If nobody says: eight texts of 2048 tokens on one device of 80 GiB, two bytes a number.
  public static Constraints usual() {
    return new Constraints(2048, 8, 1, 1, 80 * (double) (1L << 30), 2);
  }

  /// How many tokens of a text a rank holds, at most.
  int tokensPerRank() {
    return Math.ceilDiv(context, ranks);
  }
}
