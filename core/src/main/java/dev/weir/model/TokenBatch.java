package dev.weir.model;

import dev.weir.stream.Stretch;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;

/// Texts to run together, filled up on the left to one length.
///
/// @param texts the tokens of each
record TokenBatch(List<int[]> texts) {

  TokenBatch {
    if (texts.isEmpty() || texts.stream().anyMatch(text -> text.length == 0)) {
      throw ModelException.noTokens();
    }
    texts = texts.stream().map(int[]::clone).toList();
  }

  int length() {
    return texts.stream().mapToInt(text -> text.length).max().orElseThrow();
  }

  boolean padded() {
    return texts.stream().anyMatch(text -> text.length < length());
  }

  /// How many places of a row hold no token.
  long padding(int row) {
    return (long) length() - texts.get(row).length;
  }

  /// These texts as what runs after `start` places.
  Stretch stretch(long start) {
    return new Stretch(
        start, length(), IntStream.range(0, texts.size()).mapToObj(this::padding).toList());
  }

  /// The stretch that these texts are when nothing ran before.
  Span span() {
    return new Span(0, length(), paddings(), padded());
  }

  /// Token ids, 0 where there is none, `[batch, pos]`.
  Tensor ids() {
    long[] ids = new long[texts.size() * length()];
    for (int row = 0; row < texts.size(); row++) {
      int[] text = texts.get(row);
      for (int i = 0; i < text.length; i++) {
        ids[row * length() + (int) padding(row) + i] = text[i];
      }
    }
    return Tensor.of(ids, Shape.of("batch", texts.size(), "pos", length()));
  }

  /// Complains about ids that a vocabulary does not have.
  TokenBatch checked(int dVocab) {
    for (int[] text : texts) {
      for (int token : text) {
        if (token < 0 || token >= dVocab) {
          throw ModelException.tokenOutside(token, dVocab);
        }
      }
    }
    return this;
  }

  /// How many places each row is filled up with, int64, `[batch]`.
  Tensor paddings() {
    long[] paddings = new long[texts.size()];
    for (int row = 0; row < paddings.length; row++) {
      paddings[row] = padding(row);
    }
    return Tensor.of(paddings, Shape.of(new Axis("batch", paddings.length)));
  }
}
