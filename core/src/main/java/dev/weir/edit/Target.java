package dev.weir.edit;

import java.util.List;
import java.util.stream.IntStream;

/// Where a run is changed: hook points, and of each the heads and positions.
///
/// @param points a hook point's name; `*` stands for anything
/// @param heads which heads
/// @param positions which positions of the text
public record Target(String points, Heads heads, Positions positions) {

  /// Which heads of a value.
  public sealed interface Heads {

    /// Every head; also for values without heads.
    record All() implements Heads {}

    /// Some, from 0; key/value heads where the value has those.
    ///
    /// @param indices which heads
    record Some(List<Integer> indices) implements Heads {
      public Some {
        indices = List.copyOf(indices);
      }
    }
  }

  /// Which positions of a text. Scores and patterns are changed at their query positions. While a
  /// text grows, positions keep their numbers, and those already in the cache are past.
  public sealed interface Positions {

    /// Every position.
    record All() implements Positions {}

    /// Some; negative ones count from the end of the text so far.
    ///
    /// @param indices which positions
    record Some(List<Integer> indices) implements Positions {
      public Some {
        indices = List.copyOf(indices);
      }
    }

    /// From one position on.
    ///
    /// @param first the first, from 0
    record From(int first) implements Positions {}

    /// Whether a position is one of them.
    ///
    /// @param position from 0
    /// @param length how long the text is so far
    default boolean contains(long position, long length) {
      return switch (this) {
        case All() -> true;
        case Some(List<Integer> indices) ->
            indices.stream().anyMatch(i -> (i < 0 ? length + i : i) == position);
        case From(int first) -> position >= first;
      };
    }
  }

  /// Every head and every position of some hook points.
  ///
  /// @param points a hook point's name; `*` stands for anything
  public static Target at(String points) {
    return new Target(points, new Heads.All(), new Positions.All());
  }

  /// The same place at some heads only.
  ///
  /// @param indices from 0
  public Target heads(int... indices) {
    return new Target(points, new Heads.Some(IntStream.of(indices).boxed().toList()), positions);
  }

  /// The same place at some positions only.
  ///
  /// @param indices from 0; negative ones count from the end of the text so far
  public Target positions(int... indices) {
    return new Target(points, heads, new Positions.Some(IntStream.of(indices).boxed().toList()));
  }

  /// The same place at a stretch of positions.
  ///
  /// @param first the first position, from 0
  /// @param end the position after the last
  public Target between(int first, int end) {
    return positions(IntStream.range(first, end).toArray());
  }

  /// The same place from one position on, also in what is generated.
  ///
  /// @param first the first position, from 0
  public Target from(int first) {
    return new Target(points, heads, new Positions.From(first));
  }
}
