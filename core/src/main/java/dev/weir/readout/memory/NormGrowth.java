package dev.weir.readout.memory;

import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.readout.Places;
import dev.weir.readout.Wide;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// How long the stream is before each block and at the end, and by what factor it grows from block
/// to block (Heimersheim & Turner 2023, "Residual stream norms grow exponentially over the forward
/// pass"). Where it grows, what was written early is an ever smaller share of it.
public final class NormGrowth {
  private final List<String> places;
  private final List<Estimate> lengths;
  private final List<Estimate> firstLengths;
  private final Range range;
  private final Estimate slope;

  private NormGrowth(
      List<String> places,
      List<Estimate> lengths,
      List<Estimate> firstLengths,
      Range range,
      Estimate slope) {
    this.places = List.copyOf(places);
    this.lengths = List.copyOf(lengths);
    this.firstLengths = List.copyOf(firstLengths);
    this.range = range;
    this.slope = slope;
  }

  /// Over which blocks the slope is fitted.
  ///
  /// @param from the first block, whose input counts
  /// @param to the last block, whose output counts
  public record Range(int from, int to) {

    /// All of a model but its first block, where the embedding is lifted to size.
    ///
    /// @param model whose
    public static Range usual(Transformer model) {
      int last = model.spec().nLayers() - 1;
      return new Range(Math.min(1, last), last);
    }

    private Range checked(int layers) {
      if (from < 0 || to < from || to >= layers) {
        throw MemoryException.noSuchBlocks(from, to, layers);
      }
      return this;
    }
  }

  /// What a run must keep.
  public static Capture capture() {
    return Places.LAYERS.capture().withoutLogits();
  }

  /// Of one run, its first position left out.
  ///
  /// @param model whose run it was
  /// @param trace a run of one text that kept what [#capture] names
  /// @param range over which blocks the slope is fitted
  public static NormGrowth of(Transformer model, StreamTrace trace, Range range) {
    Reader reader = reader(model, range);
    reader.read(trace);
    return reader.found();
  }

  /// Of many runs, one by one.
  ///
  /// @param model whose runs
  /// @param range over which blocks the slope is fitted
  /// @throws MemoryException if the model has no such blocks
  public static Reader reader(Transformer model, Range range) {
    return new Reader(model, range.checked(model.spec().nLayers()));
  }

  /// Reads runs one by one and keeps means alone.
  public static final class Reader {
    private final List<Places.Place> places;
    private final Range range;
    private final List<Sample> lengths = new ArrayList<>();
    private final List<Sample> firstLengths = new ArrayList<>();
    private final Sample slopes = new Sample();

    private Reader(Transformer model, Range range) {
      this.places = Places.LAYERS.of(model.spec());
      this.range = range;
      places.forEach(_ -> {
        lengths.add(new Sample());
        firstLengths.add(new Sample());
      });
    }

    /// Reads a run.
    ///
    /// @param trace a run of one text that kept what [NormGrowth#capture] names
    public void read(StreamTrace trace) {
      Rows rows = new Rows.AfterFirst();
      double[][] norms = new double[places.size()][];
      try (Scope _ = Scope.open()) {
        for (int i = 0; i < norms.length; i++) {
          Tensor length = Wide.of(trace.get(places.get(i).point())).norm("d_model");
          norms[i] = rows.of(length);
          lengths.get(i).add(norms[i]);
          firstLengths.get(i).add(length.at("pos", 0).item());
        }
      }
      double[] slope = new double[norms[0].length];
      for (int position = 0; position < slope.length; position++) {
        slope[position] = slope(norms, position);
      }
      slopes.add(slope);
    }

    /// Least squares of `ln ‖x‖` on the number of blocks passed.
    private double slope(double[][] norms, int position) {
      double middle = (range.from() + range.to() + 1) / 2.0;
      double products = 0;
      double squares = 0;
      for (int place = range.from(); place <= range.to() + 1; place++) {
        products += (place - middle) * Math.log(norms[place][position]);
        squares += (place - middle) * (place - middle);
      }
      return products / squares;
    }

    /// What was found.
    ///
    /// @throws MemoryException if nothing was read
    public NormGrowth found() {
      Estimate slope = slopes.estimate();
      if (slope.count() == 0) {
        throw MemoryException.nothingRead();
      }
      return new NormGrowth(
          places.stream().map(Places.Place::label).toList(),
          lengths.stream().map(Sample::estimate).toList(),
          firstLengths.stream().map(Sample::estimate).toList(),
          range,
          slope);
    }
  }

  // ---------------------------------------------------------------- what it says

  /// The places, first to last.
  public List<String> places() {
    return places;
  }

  /// The Euclidean length of the stream, the first position left out.
  ///
  /// @param place index of the place
  public Estimate length(int place) {
    return lengths.get(place);
  }

  /// The same at the first position alone.
  ///
  /// @param place index of the place
  public Estimate firstLength(int place) {
    return firstLengths.get(place);
  }

  /// Over which blocks the slope was fitted.
  public Range range() {
    return range;
  }

  /// By how much `ln ‖x‖` grows with each block.
  public Estimate slope() {
    return slope;
  }

  /// By what factor the stream grows with each block: `e` to the slope.
  public Estimate factor() {
    return new Estimate(
        Math.exp(slope.mean()), Math.exp(slope.low()), Math.exp(slope.high()), slope.count());
  }
}
