package dev.weir.readout.depth;

import dev.weir.readout.LogitLens;
import java.util.List;
import java.util.stream.IntStream;

/// Where the answer settles: for each position the first place from which on the lens's likeliest
/// token is the model's own (Geva et al. 2022, arXiv:2203.14680, section 5.2, "saturation").
public final class SaturationLayer {
  private final List<String> places;
  private final int[] settled;

  private SaturationLayer(List<String> places, int[] settled) {
    this.places = places;
    this.settled = settled;
  }

  /// Of a lens.
  ///
  /// @param lens which; its last place is the model's own answer
  public static SaturationLayer of(LogitLens lens) {
    int last = lens.places().size() - 1;
    int[] settled =
        IntStream.range(0, lens.positions().size())
            .map(index -> {
              int place = last;
              while (place > 0 && top(lens, place - 1, index) == top(lens, last, index)) {
                place--;
              }
              return place;
            })
            .toArray();
    return new SaturationLayer(lens.places(), settled);
  }

  private static int top(LogitLens lens, int place, int index) {
    return lens.at(place, index).top().getFirst().token();
  }

  /// The places, first to last.
  public List<String> places() {
    return places;
  }

  /// How many positions there are.
  public int positions() {
    return settled.length;
  }

  /// The place, as an index of [#places], from which on the answer of a position stays.
  ///
  /// @param index index of the position
  public int at(int index) {
    return settled[index];
  }

  /// At which share of the positions the answer has settled by a place.
  ///
  /// @param place index of the place
  public double share(int place) {
    return IntStream.of(settled).filter(first -> first <= place).count() / (double) settled.length;
  }

  /// The mean over positions of the place from which on the answer stays, counted from 0.
  public double mean() {
    return IntStream.of(settled).average().orElse(Double.NaN);
  }
}
