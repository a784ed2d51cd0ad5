package dev.weir.text;

import dev.weir.text.AddedToken.Role;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Learns a byte-level BPE vocabulary (Sennrich et al. 2016, arXiv:1508.07909, algorithm 1; Radford
/// et al. 2019): starting from the 256 bytes, the most frequent pair of neighbours becomes a new
/// piece, again and again. Of equally frequent pairs the one with the lower ids goes first, so the
/// same texts always give the same file. Words are cut as GPT-2 cuts them.
///
/// @param vocabSize how many tokens there shall be, special ones and bytes included; at least 256
///   more than special ones
/// @param minimumCount how often a pair must occur to become a piece
/// @param specialTokens marks that get the first ids, for instance `<|endoftext|>`
public record BpeTrainer(int vocabSize, int minimumCount, List<String> specialTokens) {
  private static final Pattern WORDS =
      Pattern.compile(
          "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
          Pattern.UNICODE_CHARACTER_CLASS);

  public BpeTrainer {
    specialTokens = List.copyOf(specialTokens);
    if (new HashSet<>(specialTokens).size() != specialTokens.size() || specialTokens.contains("")) {
      throw TextException.badTraining("A special token is empty or named twice");
    }
    if (vocabSize < 256 + specialTokens.size() || vocabSize > 1_000_000) {
      throw TextException.badTraining(
          "A byte-level vocabulary has from %d to 1,000,000 tokens, but %d were asked for"
              .formatted(256 + specialTokens.size(), vocabSize));
    }
  }

  /// The `tokenizer.json` of the vocabulary learned from some texts. It has fewer tokens than asked
  /// for where the texts hold no more pairs.
  ///
  /// @param texts the documents; no pair reaches from one into the next
  /// @throws TextException if a text holds half of a surrogate pair
  public String train(Iterable<String> texts) {
    Map<String, Integer> words = new LinkedHashMap<>();
    for (String text : texts) {
      PromptText.require(text);
      Matcher word = WORDS.matcher(text);
      while (word.find()) {
        words.merge(word.group(), 1, Integer::sum);
      }
    }
    Learner learner = new Learner(words);
    learner.run();
    return ByteLevelBpe.json(learner.pieces, learner.merges, added(), PreTokenizer.GPT2);
  }

  private List<AddedToken> added() {
    List<AddedToken> added = new ArrayList<>();
    for (String token : specialTokens) {
      added.add(new AddedToken(added.size(), token, Role.SPECIAL));
    }
    return added;
  }

  /// A pair of neighbouring pieces that waits for its turn.
  private record Candidate(long pair, long count) implements Comparable<Candidate> {
    @Override
    public int compareTo(Candidate other) {
      return count == other.count
          ? Long.compare(pair, other.pair)
          : Long.compare(other.count, count);
    }
  }

  /// The words as lists of pieces, and how often each pair of neighbours occurs in them.
  private final class Learner {
    private final List<String> pieces = new ArrayList<>(specialTokens);
    private final List<String> merges = new ArrayList<>();
    private final Map<String, Integer> ids = new HashMap<>();
    private final int[][] words;
    private final int[] counts;
    private final Map<Long, Long> pairCounts = new HashMap<>();
    private final Map<Long, Set<Integer>> pairWords = new HashMap<>();
    private final PriorityQueue<Candidate> queue = new PriorityQueue<>();

    Learner(Map<String, Integer> counted) {
      char[] alphabet = new char[256];
      for (int b = 0; b < 256; b++) {
        alphabet[b] = ByteAlphabet.charOf(b);
      }
      Arrays.sort(alphabet);
      for (char c : alphabet) {
        pieces.add(String.valueOf(c));
      }
      for (int id = 0; id < pieces.size(); id++) {
        ids.putIfAbsent(pieces.get(id), id);
      }
      words = new int[counted.size()][];
      counts = new int[counted.size()];
      int index = 0;
      for (Map.Entry<String, Integer> word : counted.entrySet()) {
        words[index] = spelled(word.getKey());
        counts[index++] = word.getValue();
      }
    }

    private int[] spelled(String word) {
      return ByteAlphabet.spell(word).chars().map(c -> ids.get(String.valueOf((char) c))).toArray();
    }

    void run() {
      for (int word = 0; word < words.length; word++) {
        for (int i = 0; i + 1 < words[word].length; i++) {
          count(pair(words[word][i], words[word][i + 1]), counts[word], word);
        }
      }
      pairCounts.forEach((pair, count) -> queue.add(new Candidate(pair, count)));
      while (pieces.size() < vocabSize && !queue.isEmpty()) {
        Candidate best = queue.poll();
        long now = pairCounts.getOrDefault(best.pair, 0L);
        if (now != best.count) {
          queue.add(new Candidate(best.pair, now));
        } else if (now < Math.max(1, minimumCount)) {
          return;
        } else {
          merge(best.pair);
        }
      }
    }

    private void merge(long pair) {
      int left = (int) (pair >>> 32);
      int right = (int) pair;
      String piece = pieces.get(left) + pieces.get(right);
      int id = ids.computeIfAbsent(piece, p -> pieces.size());
      if (id == pieces.size()) {
        pieces.add(piece);
      }
      merges.add(pieces.get(left) + " " + pieces.get(right));
      Set<Long> changed = new HashSet<>();
      for (int word : pairWords.getOrDefault(pair, Set.of())) {
        words[word] = merged(word, left, right, id, changed);
      }
      pairWords.remove(pair);
      for (long grown : changed) {
        queue.add(new Candidate(grown, pairCounts.getOrDefault(grown, 0L)));
      }
    }

    private int[] merged(int word, int left, int right, int id, Set<Long> grown) {
      int[] old = words[word];
      int[] now = new int[old.length];
      int size = 0;
      for (int i = 0; i < old.length; i++) {
        boolean here = i + 1 < old.length && old[i] == left && old[i + 1] == right;
        now[size++] = here ? id : old[i];
        i += here ? 1 : 0;
      }
      now = Arrays.copyOf(now, size);
      for (int i = 0; i + 1 < old.length; i++) {
        pairCounts.merge(pair(old[i], old[i + 1]), (long) -counts[word], Long::sum);
      }
      for (int i = 0; i + 1 < size; i++) {
        long next = pair(now[i], now[i + 1]);
        count(next, counts[word], word);
        if (now[i] == id || now[i + 1] == id) {
          grown.add(next);
        }
      }
      return now;
    }

    private void count(long pair, int times, int word) {
      pairCounts.merge(pair, (long) times, Long::sum);
      pairWords.computeIfAbsent(pair, p -> new HashSet<>()).add(word);
    }

    private static long pair(int left, int right) {
      return ((long) left << 32) | right;
    }
  }
}
