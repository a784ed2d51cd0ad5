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
        texts.stream().map(text -> tokenizer.encode(text, Bos.NONE).ids()).toList(),
        boundary,
        bytes);
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
    private List<int[]> windows;
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
        found.add(windows.get((int) (index % windows.size())));
      }
      return found;
    }

    private List<int[]> windowsOf(long which) {
      return corpus.shuffledWindows(length, new SplittableRandom(seed * 1_000_003 + which));
    }
  }
}
