package dev.weir.text;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// The tokens of a text, where each came from, and what became of BOS.
public final class TokenSequence {
  private final int[] ids;
  private final int[] starts;
  private final int[] ends;
  private final BosReport bos;

  /// Takes the arrays as they are; only this package makes sequences.
  TokenSequence(int[] ids, int[] starts, int[] ends, BosReport bos) {
    this.ids = ids;
    this.starts = starts;
    this.ends = ends;
    this.bos = bos;
  }

  /// How many tokens there are.
  public int size() {
    return ids.length;
  }

  /// The token ids, in order; a fresh array.
  public int[] ids() {
    return ids.clone();
  }

  /// The id at a position.
  ///
  /// @param index counted from 0
  public int id(int index) {
    return ids[index];
  }

  /// The part of the text behind a position. Several tokens can share a character that they spell
  /// byte by byte; spaces may belong to no token.
  ///
  /// @param index counted from 0
  public Offset offset(int index) {
    return new Offset(starts[index], ends[index]);
  }

  /// The parts of the text behind all positions, in order.
  public List<Offset> offsets() {
    return IntStream.range(0, ids.length).mapToObj(this::offset).toList();
  }

  /// What became of the beginning-of-sequence token.
  public BosReport bos() {
    return bos;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TokenSequence that
        && Arrays.equals(ids, that.ids)
        && Arrays.equals(starts, that.starts)
        && Arrays.equals(ends, that.ends)
        && bos.equals(that.bos);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(ids) + bos.hashCode();
  }

  @Override
  public String toString() {
    return "TokenSequence" + Arrays.toString(ids);
  }
}
