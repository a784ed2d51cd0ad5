package dev.weir.readout;

import dev.weir.model.Transformer;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// How long the stream is along depth, and how far it turns from one place to the next.
public final class StreamNorms {
  private final List<String> places;
  private final List<Integer> positions;
  private final double[] lengths;
  private final double[] cosines;

  private StreamNorms(
      List<String> places, List<Integer> positions, double[] lengths, double[] cosines) {
    this.places = places;
    this.positions = positions;
    this.lengths = lengths;
    this.cosines = cosines;
  }

  /// Of a run of one text.
  ///
  /// @param model whose run it was
  /// @param trace a run that kept what `where` captures
  /// @param where at which places
  public static StreamNorms of(Transformer model, StreamTrace trace, Places where) {
    if (trace.tokens().size() != 1) {
      throw ReadoutException.severalTexts("The stream's length", trace.tokens().size());
    }
    List<Places.Place> places = where.of(model.spec());
    try (Scope _ = Scope.open()) {
      List<Tensor> streams = new ArrayList<>();
      places.forEach(place -> streams.add(Wide.of(trace.get(place.point()))));
      Tensor stack = Tensor.stack("place", streams);
      long steps = places.size() - 1L;
      Tensor lengths = stack.norm("d_model");
      Tensor before = stack.slice("place", 0, steps);
      Tensor after = stack.slice("place", 1, steps);
      Tensor cosines =
          before
              .times(after)
              .sum("d_model")
              .dividedBy(lengths.slice("place", 0, steps))
              .dividedBy(lengths.slice("place", 1, steps));
      return new StreamNorms(
          places.stream().map(Places.Place::label).toList(),
          trace.positions(),
          lengths.toDoubles(),
          cosines.toDoubles());
    }
  }

  /// The places, first to last.
  public List<String> places() {
    return places;
  }

  /// The positions of the text, in the order of the index that the methods here take.
  public List<Integer> positions() {
    return positions;
  }

  /// The Euclidean length of the stream.
  ///
  /// @param place index of the place
  /// @param index index of the position
  public double length(int place, int index) {
    return lengths[at(place, index)];
  }

  /// The cosine of the angle between the stream here and at the next place.
  ///
  /// @param place index of the place; the last has no next
  /// @param index index of the position
  public double cosineToNext(int place, int index) {
    return cosines[at(place, index)];
  }

  /// `1 − cosine` from this place to the next, the mean over all positions: how much what lies
  /// between turns the stream (block influence, Men et al. 2024, arXiv:2403.03853, eq. 1).
  ///
  /// @param place index of the place; the last has no next
  public double influence(int place) {
    double sum = 0;
    for (int index = 0; index < positions.size(); index++) {
      sum += 1 - cosineToNext(place, index);
    }
    return sum / positions.size();
  }

  private int at(int place, int index) {
    if (index < 0 || index >= positions.size()) {
      throw ReadoutException.noSuchPosition(index, positions.size());
    }
    return place * positions.size() + index;
  }
}
