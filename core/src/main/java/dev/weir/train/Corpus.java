package dev.weir.train;

import dev.weir.text.Bos;
import dev.weir.text.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/// Texts as tokens, to be packed one after the other with a boundary before each.
///
/// @param documents the tokens of each text
/// @param boundary the token between texts, which begins one and ends another
/// @param bytes how long the texts are in UTF-8
public record Corpus(List<int[]> documents, int boundary, long bytes) {

  /// In chars. What the tokenizer notes of a text takes much more room than the text.
  private static final int LONGEST_PIECE = 1_000_000;

  public Corpus {
    documents = List.copyOf(documents);
    if (documents.isEmpty()) {
      throw TrainException.noTexts();
    }
  }

  /// The corpus of some texts.
  ///
  /// @param texts the texts
  /// @param tokenizer what cuts them
  /// @param boundary the token between texts
  public static Corpus of(List<String> texts, Tokenizer tokenizer, int boundary) {
    long bytes = texts.stream().mapToLong(t -> t.getBytes(StandardCharsets.UTF_8).length).sum();
    return new Corpus(
        texts.stream().map(text -> encoded(text, tokenizer)).toList(), boundary, bytes);
  }

  private static int[] encoded(String text, Tokenizer tokenizer) {
    if (text.length() <= LONGEST_PIECE) {
      return tokenizer.encode(text, Bos.NONE).ids();
    }
    IntStream.Builder all = IntStream.builder();
    for (int from = 0; from < text.length(); ) {
      int to = pieceEnd(text, from);
      Arrays.stream(tokenizer.encode(text.substring(from, to), Bos.NONE).ids()).forEach(all);
      from = to;
    }
    return all.build().toArray();
  }

  /// A long text goes through the tokenizer in pieces that end where a line does, or else a word.
  private static int pieceEnd(String text, int from) {
    int last = from + LONGEST_PIECE;
    if (last >= text.length()) {
      return text.length();
    }
    int line = text.lastIndexOf('\n', last - 1) + 1;
    int word = text.lastIndexOf(' ', last - 1);
    int end = line > from ? line : word > from ? word : last;
    return Character.isLowSurrogate(text.charAt(end)) ? end + 1 : end;
  }

  /// How many tokens there are, boundaries included.
  public long tokens() {
    return documents.stream().mapToLong(document -> document.length + 1L).sum() + 1;
  }

  /// All texts in their order as windows that meet in one token, so that each token but the first
  /// is predicted once. The last window may be shorter.
  ///
  /// @param length how many predictions a window holds
  public List<int[]> windows(int length) {
    return cut(packed(documents), length);
  }

  /// All texts in another order, as windows in another order; what does not fill the last window is
  /// left out.
  ///
  /// @param length how many predictions a window holds
  /// @param random where the order comes from
  public List<int[]> shuffledWindows(int length, RandomGenerator random) {
    List<int[]> order = new ArrayList<>(documents);
    Collections.shuffle(order, random);
    List<int[]> windows = new ArrayList<>(cut(packed(order), length));
    windows.removeIf(window -> window.length <= length);
    Collections.shuffle(windows, random);
    if (windows.isEmpty()) {
      throw TrainException.tooShort(tokens(), length);
    }
    return windows;
  }

  /// As [Collections#shuffle(List, RandomGenerator)] does it, without boxes.
  static void shuffle(int[] numbers, RandomGenerator random) {
    for (int i = numbers.length; i > 1; i--) {
      int other = random.nextInt(i);
      int last = numbers[i - 1];
      numbers[i - 1] = numbers[other];
      numbers[other] = last;
    }
  }

  /// One epoch of [#shuffledWindows], cut when asked for. Only orders are kept, so that a large
  /// corpus is not held twice.
  private static final class Epoch {
    private final Corpus corpus;
    private final int length;
    private final int[] documents;
    private final long[] starts;
    private final int[] windows;

    Epoch(Corpus corpus, int length, RandomGenerator random) {
      this.corpus = corpus;
      this.length = length;
      this.documents = IntStream.range(0, corpus.documents.size()).toArray();
      shuffle(documents, random);
      this.starts = new long[documents.length];
      long at = 0;
      for (int i = 0; i < documents.length; i++) {
        starts[i] = at;
        at += corpus.documents.get(documents[i]).length + 1L;
      }
      this.windows = IntStream.range(0, Math.toIntExact(at / length)).toArray();
      shuffle(windows, random);
      if (windows.length == 0) {
        throw TrainException.tooShort(corpus.tokens(), length);
      }
    }

    int size() {
      return windows.length;
    }

    int[] window(int index) {
      int[] window = new int[length + 1];
      long from = (long) windows[index] * length;
      int found = Arrays.binarySearch(starts, from);
      int document = found >= 0 ? found : -found - 2;
      int filled = 0;
      while (filled < window.length) {
        filled = copy(document++, from + filled, window, filled);
      }
      return window;
    }

    /// Copies a boundary and the document after it, from a place on; past the last document only
    /// the boundary at the end is left.
    private int copy(int document, long from, int[] window, int filled) {
      if (document == documents.length) {
        window[filled] = corpus.boundary;
        return filled + 1;
      }
      int[] tokens = corpus.documents.get(documents[document]);
      int at = Math.toIntExact(from - starts[document]);
      int next = filled;
      if (at == 0) {
        window[next++] = corpus.boundary;
        at = 1;
      }
      int count = Math.min(tokens.length + 1 - at, window.length - next);
      System.arraycopy(tokens, at - 1, window, next, count);
      return next + count;
    }
  }

  private int[] packed(List<int[]> order) {
    IntStream.Builder all = IntStream.builder();
    for (int[] document : order) {
      all.add(boundary);
      Arrays.stream(document).forEach(all);
    }
    return all.add(boundary).build().toArray();
  }

  private static List<int[]> cut(int[] tokens, int length) {
    List<int[]> windows = new ArrayList<>();
    for (int from = 0; from + 1 < tokens.length; from += length) {
      windows.add(Arrays.copyOfRange(tokens, from, Math.min(tokens.length, from + length + 1)));
    }
    return windows;
  }

  /// Windows grouped into batches, epoch after epoch, each epoch in an order of its own. Which
  /// batch a step gets depends on the seed and the step alone.
  public static final class Batches {
    private final Corpus corpus;
    private final int batch;
    private final int length;
    private final long seed;
    private Epoch windows;
    private long epoch;

    /// The batches of a corpus.
    ///
    /// @param corpus the texts
    /// @param batch how many windows a batch holds
    /// @param length how many predictions a window holds
    /// @param seed where the order comes from
    public Batches(Corpus corpus, int batch, int length, long seed) {
      this.corpus = corpus;
      this.batch = batch;
      this.length = length;
      this.seed = seed;
      this.windows = windowsOf(0);
    }

    /// How many windows an epoch has.
    public int windowsPerEpoch() {
      return windows.size();
    }

    /// The windows of a step.
    ///
    /// @param step from 0
    public List<int[]> at(long step) {
      List<int[]> found = new ArrayList<>();
      for (long index = step * batch; index < (step + 1) * batch; index++) {
        long wanted = index / windows.size();
        if (wanted != epoch) {
          windows = windowsOf(wanted);
          epoch = wanted;
        }
        found.add(windows.window((int) (index % windows.size())));
      }
      return found;
    }

    private Epoch windowsOf(long which) {
      return new Epoch(corpus, length, new SplittableRandom(seed * 1_000_003 + which));
    }
  }
}
