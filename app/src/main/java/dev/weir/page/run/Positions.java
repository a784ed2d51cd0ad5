package dev.weir.page.run;

import java.util.Arrays;
import java.util.List;

/// Positions of a prompt as requests name them: from 0, or negative from the end.
public final class Positions {
  private Positions() {}

  /// A position from 0.
  ///
  /// @param position from 0; negative counts from the end
  /// @param length how many tokens the prompt has
  /// @throws PageException if there is no such position
  public static int require(int position, int length) {
    int index = position < 0 ? length + position : position;
    if (index < 0 || index >= length) {
      throw PageException.noPosition(position, length);
    }
    return index;
  }

  /// For each position of a prompt, the position of another that it takes from; −1 for none.
  ///
  /// @param length how many tokens the prompt has
  /// @param other how many the other has
  /// @param positions which positions take; empty for all
  /// @param from for each of them where from; empty for the same positions
  /// @throws PageException if the prompts differ in length and `from` is empty, or does not fit
  static int[] map(int length, int other, List<Integer> positions, List<Integer> from) {
    if (from.isEmpty() && length != other) {
      throw PageException.notAligned(length, other);
    }
    if (!from.isEmpty() && from.size() != positions.size()) {
      throw PageException.mapDoesNotFit(positions.size(), from.size());
    }
    int[] map = new int[length];
    if (positions.isEmpty()) {
      Arrays.setAll(map, position -> position);
      return map;
    }
    Arrays.fill(map, -1);
    for (int i = 0; i < positions.size(); i++) {
      int to = require(positions.get(i), length);
      map[to] = from.isEmpty() ? to : require(from.get(i), other);
    }
    return map;
  }
}
