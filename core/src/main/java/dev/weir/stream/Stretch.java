package dev.weir.stream;

import java.util.List;

/// The part of the texts that one run computes: everything at first, then what a cache lets follow.
///
/// @param start how many places were run before
/// @param length how many places run now
/// @param paddings how many places of each text were filled up on the left
public record Stretch(long start, long length, List<Long> paddings) {

  public Stretch {
    paddings = List.copyOf(paddings);
  }

  /// Whether some text was filled up.
  public boolean padded() {
    return paddings.stream().anyMatch(padding -> padding > 0);
  }

  /// The position in its text of a place of this stretch; negative for padding.
  ///
  /// @param row which text
  /// @param place which place of the stretch, from 0
  public long position(int row, int place) {
    return start + place - paddings.get(row);
  }

  /// How long a text is so far, in tokens.
  ///
  /// @param row which text
  public long textLength(int row) {
    return start + length - paddings.get(row);
  }
}
