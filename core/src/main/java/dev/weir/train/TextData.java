package dev.weir.train;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// Texts to learn from, and others to look at, in packed windows.
///
/// @param training the texts to learn from
/// @param validation the texts to look at
/// @param dVocab how many tokens the tokenizer has
public record TextData(Corpus training, Corpus validation, int dVocab) implements TrainingData {

  public TextData {
    requireBelow(training, dVocab);
    requireBelow(validation, dVocab);
  }

  private static void requireBelow(Corpus corpus, int dVocab) {
    for (int[] document : corpus.documents()) {
      Arrays.stream(document)
          .filter(token -> token < 0 || token >= dVocab)
          .findFirst()
          .ifPresent(token -> {
            throw TrainException.tokenOutside(token, dVocab, "the texts' tokens");
          });
    }
    if (corpus.boundary() < 0 || corpus.boundary() >= dVocab) {
      throw TrainException.tokenOutside(corpus.boundary(), dVocab, "the token between texts");
    }
  }

  @Override
  public OptionalInt window() {
    return OptionalInt.empty();
  }

  @Override
  public Batches training(int batch, int window, long seed) {
    requireSomething(batch, window);
    Corpus.Batches batches = new Corpus.Batches(training, batch, window, seed);
    return new Batches() {
      @Override
      public Batch at(long step) {
        return Batch.ofWindows(batches.at(step));
      }

      @Override
      public OptionalLong examplesPerEpoch() {
        return OptionalLong.of(batches.windowsPerEpoch());
      }
    };
  }

  @Override
  public List<Batch> validation(int batch, int window) {
    requireSomething(batch, window);
    return grouped(validation.windows(window), batch);
  }

  static void requireSomething(int batch, int window) {
    if (batch < 1 || window < 1) {
      throw TrainException.nothingInBatch(batch, window);
    }
  }

  /// Windows in groups, those of the last length by themselves.
  static List<Batch> grouped(List<int[]> windows, int batch) {
    boolean ragged = !windows.isEmpty() && windows.getLast().length != windows.getFirst().length;
    int full = windows.size() - (ragged ? 1 : 0);
    int groups = Math.ceilDiv(full, batch);
    return new AbstractList<>() {
      @Override
      public Batch get(int index) {
        int from = index * batch;
        return index == groups && ragged
            ? Batch.ofWindows(List.of(windows.getLast()))
            : Batch.ofWindows(windows.subList(from, Math.min(full, from + batch)));
      }

      @Override
      public int size() {
        return groups + (ragged ? 1 : 0);
      }
    };
  }
}
