package dev.weir.text;

import java.util.Arrays;

/// A growing list of tokens with their places in the text.
final class Tokens {
  private int[] ids;
  private int[] starts;
  private int[] ends;
  private int size;

  Tokens(int chars) {
    int expected = 16 + chars / 2;
    this.ids = new int[expected];
    this.starts = new int[expected];
    this.ends = new int[expected];
  }

  void add(int id, int start, int end) {
    if (size == ids.length) {
      int larger = size + size / 2;
      ids = Arrays.copyOf(ids, larger);
      starts = Arrays.copyOf(starts, larger);
      ends = Arrays.copyOf(ends, larger);
    }
    ids[size] = id;
    starts[size] = start;
    ends[size++] = end;
  }

  Framing.Body body() {
    return new Framing.Body(
        Arrays.copyOf(ids, size), Arrays.copyOf(starts, size), Arrays.copyOf(ends, size));
  }
}
