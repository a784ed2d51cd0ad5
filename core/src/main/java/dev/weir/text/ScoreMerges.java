package dev.weir.text;

import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;

/// Merges the characters of a text into the pieces of a scored vocabulary: of all neighbours that
/// together are a piece, the pair with the highest score first, the leftmost of equals; until no
/// pair is a piece (Kudo & Richardson 2018, arXiv:1808.06226, section 3.1, "BPE"). A queue of pairs
/// makes it `n log n`.
final class ScoreMerges {
  private final Vocabulary vocabulary;
  private final float[] scores;
  private final int longest;
  private final UnknownCharacters unknown;

  /// What a character that is no piece can do.
  enum UnknownCharacters {
    /// It is spelled in bytes at once (llama2.c).
    STAY_APART,
    /// It may still become part of a piece (SentencePiece).
    MAY_MERGE
  }

  ScoreMerges(Vocabulary vocabulary, float[] scores, UnknownCharacters unknown) {
    this.vocabulary = vocabulary;
    this.scores = scores;
    this.longest = vocabulary.longest();
    this.unknown = unknown;
  }

  /// Where the pieces of a text start, in order, followed by the text's length.
  int[] boundaries(String text) {
    return text.isEmpty() ? new int[] {0} : new Chain(text).merged();
  }

  /// Two neighbours that together are a piece.
  ///
  /// @param score the piece's score
  /// @param left where the left one starts
  /// @param right where the right one starts
  /// @param end where the right one ends
  private record Pair(float score, int left, int right, int end) {
    static final Comparator<Pair> BEST_FIRST =
        (a, b) ->
            a.score == b.score ? Integer.compare(a.left, b.left) : Float.compare(b.score, a.score);
  }

  /// The parts of a text as a doubly linked chain, addressed by where they start.
  private final class Chain {
    private static final int GONE = -1;

    private final String text;
    private final int[] end;
    private final int[] previous;
    private final boolean[] fixed;
    private final PriorityQueue<Pair> queue = new PriorityQueue<>(Pair.BEST_FIRST);

    Chain(String text) {
      this.text = text;
      this.end = new int[text.length()];
      this.previous = new int[text.length()];
      this.fixed = new boolean[text.length()];
      Arrays.fill(end, GONE);
    }

    int[] merged() {
      int before = GONE;
      for (int at = 0; at < text.length(); at = end[at]) {
        end[at] = at + Character.charCount(text.codePointAt(at));
        previous[at] = before;
        fixed[at] =
            unknown == UnknownCharacters.STAY_APART
                && vocabulary.id(text.substring(at, end[at])).isEmpty();
        before = at;
      }
      for (int at = end[0]; at < text.length(); at = end[at]) {
        offer(previous[at], at);
      }
      for (Pair pair = queue.poll(); pair != null; pair = queue.poll()) {
        if (isCurrent(pair)) {
          merge(pair);
        }
      }
      return starts();
    }

    private boolean isCurrent(Pair pair) {
      return end[pair.left] == pair.right && end[pair.right] == pair.end;
    }

    private void merge(Pair pair) {
      end[pair.left] = pair.end;
      end[pair.right] = GONE;
      if (pair.end < text.length()) {
        previous[pair.end] = pair.left;
        offer(pair.left, pair.end);
      }
      if (previous[pair.left] != GONE) {
        offer(previous[pair.left], pair.left);
      }
    }

    private void offer(int left, int right) {
      int to = end[right];
      if (to - left > longest || fixed[left] || fixed[right]) {
        return;
      }
      vocabulary
          .id(text.substring(left, to))
          .ifPresent(id -> queue.add(new Pair(scores[id], left, right, to)));
    }

    private int[] starts() {
      int[] starts = new int[text.length() + 1];
      int count = 0;
      for (int at = 0; at < text.length(); at = end[at]) {
        starts[count++] = at;
      }
      starts[count++] = text.length();
      return Arrays.copyOf(starts, count);
    }
  }
}
