package dev.weir.page.origin;

import java.util.List;
import java.util.OptionalInt;

/// Where along the sequence a block read from, for one cell.
///
/// @param cell which cell
/// @param block the block that is told; empty where none has written before the cell
/// @param blocks all that may be asked for: those whose attention wrote before the cell
/// @param readings what read along the sequence in this block and wrote to the stream
/// @param neighbours what else mixed neighbouring positions on the way there
/// @param notes what to know about where its values come from
public record AlongSequence(
    Cell cell,
    OptionalInt block,
    List<Integer> blocks,
    List<Reading> readings,
    List<Neighbours> neighbours,
    List<String> notes) {

  public AlongSequence {
    blocks = List.copyOf(blocks);
    readings = List.copyOf(readings);
    neighbours = List.copyOf(neighbours);
    notes = List.copyOf(notes);
  }

  /// What one sublayer read for a position.
  ///
  /// @param writer who: `3_attn_out`, `3_local_out`
  /// @param kind `attention`, `window` (a short sliding window) or `convolution`
  /// @param place index of the place where it read
  /// @param from the first position that it could see
  /// @param to one past the last
  /// @param together all its heads
  /// @param heads each of them; none where there are none
  /// @param rest the share of what it wrote that came from no position: its bias, or a change
  /// @param meaning what the numbers are
  public record Reading(
      String writer,
      String kind,
      int place,
      int from,
      int to,
      Row together,
      List<Row> heads,
      double rest,
      String meaning) {
    public Reading {
      heads = List.copyOf(heads);
    }
  }

  /// What came from each of the positions that could be seen, first to last.
  ///
  /// @param label who read: `L3H2`, or the sublayer
  /// @param weights attention weights; of a convolution the root mean square over features
  /// @param lengths Euclidean lengths of what was written of each
  /// @param shares `c · y / ‖y‖²`: with `c` what was written of it and `y` all that the sublayer
  ///   wrote
  @SuppressWarnings("ArrayRecordComponent") // Many numbers, read once.
  public record Row(String label, double[] weights, double[] lengths, double[] shares) {}

  /// A mixer of neighbouring positions whose result is not written to the stream itself.
  ///
  /// @param label its name: `canon A` …
  /// @param from the first position that it saw
  /// @param weights how much of each position up to the cell's, the root mean square over features
  /// @param meaning what it mixes
  @SuppressWarnings("ArrayRecordComponent") // Few numbers, read once.
  public record Neighbours(String label, int from, double[] weights, String meaning) {}
}
