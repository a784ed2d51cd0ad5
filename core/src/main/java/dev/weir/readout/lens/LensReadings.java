package dev.weir.readout.lens;

import dev.weir.readout.LogitLens;
import dev.weir.readout.LogitLens.Reading;
import java.util.List;
import java.util.stream.IntStream;

/// What a lens shows of one text, whichever lens it is.
///
/// @param lens which one, in words
/// @param norm which norm the stream passed, in words
/// @param places where along depth, first to last; the last is the model's own answer
/// @param positions the positions of the text
/// @param readings place by place, one for each position
public record LensReadings(
    String lens,
    String norm,
    List<String> places,
    List<Integer> positions,
    List<List<Reading>> readings) {

  public LensReadings {
    places = List.copyOf(places);
    positions = List.copyOf(positions);
    readings = readings.stream().<List<Reading>>map(List::copyOf).toList();
  }

  /// What a logit lens shows.
  ///
  /// @param lens the lens of a run
  public static LensReadings of(LogitLens lens) {
    List<List<Reading>> readings =
        IntStream.range(0, lens.places().size())
            .mapToObj(place ->
                IntStream.range(0, lens.positions().size())
                    .mapToObj(index -> lens.at(place, index))
                    .toList())
            .toList();
    return new LensReadings("logit lens", lens.norm(), lens.places(), lens.positions(), readings);
  }

  /// What is shown at one place and position.
  ///
  /// @param place index of the place
  /// @param index index of the position
  public Reading at(int place, int index) {
    return readings.get(place).get(index);
  }

  /// Whether the likeliest token is already the one of the end.
  ///
  /// @param place index of the place
  /// @param index index of the position
  public boolean agrees(int place, int index) {
    return topToken(place, index) == topToken(places.size() - 1, index);
  }

  private int topToken(int place, int index) {
    return at(place, index).top().getFirst().token();
  }
}
