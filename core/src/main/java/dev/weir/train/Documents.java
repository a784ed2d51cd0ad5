package dev.weir.train;

import dev.weir.text.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// Texts as they were read, before any tokenizer.
///
/// @param texts at least one
public record Documents(List<String> texts) {

  public Documents {
    texts = List.copyOf(texts);
    if (texts.isEmpty()) {
      throw TrainException.noTexts();
    }
  }

  /// Texts parted in two.
  ///
  /// @param training to learn from
  /// @param validation to look at
  public record Parted(Documents training, Documents validation) {}

  /// How long the texts are in UTF-8.
  public long bytes() {
    return texts.stream().mapToLong(Documents::bytes).sum();
  }

  private static long bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  /// Parts the texts: documents in an order of luck go to validation until the share is full. The
  /// last of them is cut, where its line ends if there is one near, and only its end goes. A single
  /// text is therefore parted into its beginning and its end.
  ///
  /// @param share which share of the bytes is looked at, between 0 and 1
  /// @param seed where the order comes from
  /// @throws TrainException if a side would hold nothing
  public Parted part(double share, long seed) {
    if (!(share > 0 && share < 1)) {
      throw TrainException.badShare(share);
    }
    long missing = Math.round(share * bytes());
    List<String> training = new ArrayList<>(texts);
    List<String> validation = new ArrayList<>();
    for (int index : order(seed)) {
      String text = texts.get(index);
      long size = bytes(text);
      int cut = size <= missing ? 0 : cut(text, missing / (double) size);
      training.set(index, text.substring(0, cut));
      validation.add(text.substring(cut));
      missing -= size;
      if (missing <= 0) {
        break;
      }
    }
    return parted(training, validation, share);
  }

  private Parted parted(List<String> training, List<String> validation, double share) {
    training.removeIf(String::isEmpty);
    validation.removeIf(String::isEmpty);
    if (training.isEmpty() || validation.isEmpty()) {
      throw TrainException.tooShortToSplit(bytes(), "bytes of text", share);
    }
    return new Parted(new Documents(training), new Documents(validation));
  }

  private int[] order(long seed) {
    int[] order = IntStream.range(0, texts.size()).toArray();
    Corpus.shuffle(order, new SplittableRandom(seed));
    return order;
  }

  /// Where the end of a text begins, of about this share.
  private static int cut(String text, double share) {
    int wanted = (int) (text.length() * (1 - share));
    int lineEnd = text.lastIndexOf('\n', wanted) + 1;
    int cut = lineEnd > 0 && wanted - lineEnd <= text.length() / 100 ? lineEnd : wanted;
    return cut > 0 && cut < text.length() && Character.isLowSurrogate(text.charAt(cut))
        ? cut - 1
        : cut;
  }

  /// These texts as tokens.
  ///
  /// @param tokenizer what cuts them
  /// @param boundary the token between texts
  public Corpus tokens(Tokenizer tokenizer, int boundary) {
    return Corpus.of(texts, tokenizer, boundary);
  }
}
