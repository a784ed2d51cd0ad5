package dev.weir.train;

import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/// Tokens from files to learn from, and others to look at. Windows are cut from the mapped files
/// when they are needed.
///
/// @param training the stretches to learn from
/// @param validation the stretches to look at
/// @param dVocab how many tokens the vocabulary has
public record TokenData(List<Stretch> training, List<Stretch> validation, int dVocab)
    implements TrainingData {

  public TokenData {
    training = List.copyOf(training);
    validation = List.copyOf(validation);
  }

  /// A part of a file.
  ///
  /// @param file the file
  /// @param from its first token, from 0
  /// @param size how many tokens
  public record Stretch(TokenFile file, long from, long size) {

    /// How many windows fit that meet in one token.
    long windows(int length) {
      return Math.max(0, size - 1) / length;
    }

    /// How many tokens are left over.
    long rest(int length) {
      return Math.max(0, size - 1) % length;
    }

    int[] window(long index, int length, long shift) {
      long at = shift + index * length;
      return file.slice(from + at, (int) Math.min(length + 1L, size - at));
    }
  }

  /// Files to learn from and files to look at.
  ///
  /// @param training the former
  /// @param validation the latter
  /// @param dVocab how many tokens the vocabulary has
  /// @throws TrainException if a token is not among them
  public static TokenData of(List<TokenFile> training, List<TokenFile> validation, int dVocab) {
    training.forEach(file -> file.requireBelow(dVocab));
    validation.forEach(file -> file.requireBelow(dVocab));
    return new TokenData(whole(training), whole(validation), dVocab);
  }

  private static List<Stretch> whole(List<TokenFile> files) {
    return files.stream().map(file -> new Stretch(file, 0, file.size())).toList();
  }

  /// Files of which a share is looked at: one stretch of tokens, wherever the seed says. What lies
  /// before and after it is learned from.
  ///
  /// @param files all files
  /// @param share which share of the tokens is looked at, between 0 and 1
  /// @param seed where that stretch lies
  /// @param dVocab how many tokens the vocabulary has
  /// @throws TrainException if a token is not among them, or a side would hold nothing
  public static TokenData parted(List<TokenFile> files, double share, long seed, int dVocab) {
    if (!(share > 0 && share < 1)) {
      throw TrainException.badShare(share);
    }
    files.forEach(file -> file.requireBelow(dVocab));
    long size = files.stream().mapToLong(TokenFile::size).sum();
    long looked = Math.round(share * size);
    if (looked < 2 || size - looked < 2) {
      throw TrainException.tooShortToSplit(size, "tokens", share);
    }
    long from = new SplittableRandom(seed).nextLong(size - looked + 1);
    List<Stretch> training = new ArrayList<>(between(files, 0, from));
    training.addAll(between(files, from + looked, size));
    return new TokenData(training, between(files, from, from + looked), dVocab);
  }

  /// The parts of files that lie between two places, counted through all of them.
  private static List<Stretch> between(List<TokenFile> files, long from, long to) {
    List<Stretch> found = new ArrayList<>();
    long before = 0;
    for (TokenFile file : files) {
      long start = Math.max(from - before, 0);
      long end = Math.min(to - before, file.size());
      if (end - start > 1) {
        found.add(new Stretch(file, start, end - start));
      }
      before += file.size();
    }
    return found;
  }

  /// How many tokens there are to learn from.
  public long tokens() {
    return training.stream().mapToLong(Stretch::size).sum();
  }

  @Override
  public OptionalInt window() {
    return OptionalInt.empty();
  }

  @Override
  public Batches training(int batch, int window, long seed) {
    TextData.requireSomething(batch, window);
    long windows = training.stream().mapToLong(part -> part.windows(window)).sum();
    if (windows == 0) {
      throw TrainException.tooShort(tokens(), window);
    }
    return new Batches() {
      @Override
      public Batch at(long step) {
        List<int[]> found = new ArrayList<>();
        for (long index = step * batch; index < (step + 1) * batch; index++) {
          found.add(drawn(index / windows, index % windows));
        }
        return Batch.ofWindows(found);
      }

      private int[] drawn(long epoch, long place) {
        long luck = Permutation.mixed(seed) + epoch;
        return trainingWindow(new Permutation(windows, luck).at(place), window, luck);
      }

      @Override
      public OptionalLong examplesPerEpoch() {
        return OptionalLong.of(windows);
      }
    };
  }

  /// Windows begin at another place in each epoch, as far as the tokens left over allow.
  private int[] trainingWindow(long index, int window, long luck) {
    long before = 0;
    for (Stretch part : training) {
      long windows = part.windows(window);
      if (index - before < windows) {
        long shift = new SplittableRandom(luck).nextLong(part.rest(window) + 1);
        return part.window(index - before, window, shift);
      }
      before += windows;
    }
    throw new IndexOutOfBoundsException("window %d of %d".formatted(index, before));
  }

  @Override
  public List<Batch> validation(int batch, int window) {
    TextData.requireSomething(batch, window);
    List<List<Batch>> parts =
        validation.stream().map(part -> batches(part, batch, window)).toList();
    return joined(parts);
  }

  private static List<Batch> batches(Stretch part, int batch, int window) {
    return TextData.grouped(
        new AbstractList<>() {
          @Override
          public int[] get(int index) {
            return part.window(index, window, 0);
          }

          @Override
          public int size() {
            return Math.toIntExact(part.windows(window) + (part.rest(window) > 0 ? 1 : 0));
          }
        },
        batch);
  }

  private static List<Batch> joined(List<List<Batch>> parts) {
    return new AbstractList<>() {
      @Override
      public Batch get(int index) {
        int rest = index;
        for (List<Batch> part : parts) {
          if (rest < part.size()) {
            return part.get(rest);
          }
          rest -= part.size();
        }
        throw new IndexOutOfBoundsException("batch %d of %d".formatted(index, index - rest));
      }

      @Override
      public int size() {
        return parts.stream().mapToInt(List::size).sum();
      }
    };
  }
}
