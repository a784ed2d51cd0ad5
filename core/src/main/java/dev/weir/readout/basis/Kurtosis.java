package dev.weir.readout.basis;

import dev.weir.model.TransformerSpec;
import dev.weir.readout.Estimate;
import dev.weir.readout.FirstPosition;
import dev.weir.readout.Places;
import dev.weir.readout.Wide;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// How heavy the tails of the stream's coordinates are, token by token, beside those of the same
/// stream rotated (Elhage, Lasenby & Olah 2023, "Privileged Bases in the Transformer Residual
/// Stream"). Texts are read one at a time and not kept.
public final class Kurtosis {
  private final List<Places.Place> places;
  private final int dModel;
  private final double[] rotation;
  private final Map<FirstPosition, List<Sample>> samples = new EnumMap<>(FirstPosition.class);

  /// What was seen at a place, one value for each text.
  private static final class Sample {
    private final Estimate.Running own = new Estimate.Running();
    private final Estimate.Running rotated = new Estimate.Running();
    private final Estimate.Running excess = new Estimate.Running();
  }

  /// What one place of the stream is like; means over texts of the mean over a text's tokens.
  ///
  /// @param place its label
  /// @param kurtosis of a token's coordinates
  /// @param rotated the same after one rotation, drawn once for all tokens and places
  /// @param excess how much larger the first is than the second
  public record Layer(String place, Estimate kurtosis, Estimate rotated, Estimate excess) {}

  /// Starts with no texts.
  ///
  /// @param spec the model
  /// @param where at which places
  /// @param random where the rotation comes from
  public Kurtosis(TransformerSpec spec, Places where, RandomGenerator random) {
    this(spec, where, drawn(spec.dModel(), random));
  }

  /// Starts with no texts, and a rotation that is known.
  ///
  /// @param spec the model
  /// @param where at which places
  /// @param rotation an orthogonal matrix, row by row; the stream is multiplied with it from the
  ///   right
  public Kurtosis(TransformerSpec spec, Places where, double[] rotation) {
    this.places = where.of(spec);
    this.dModel = spec.dModel();
    this.rotation = rotation.clone();
    for (FirstPosition first : FirstPosition.values()) {
      samples.put(first, Stream.generate(Sample::new).limit(places.size()).toList());
    }
  }

  private static double[] drawn(int dModel, RandomGenerator random) {
    try (Scope _ = Scope.open()) {
      return TurnedModel.rotation(dModel, TurnedModel.Freedom.ANY, random).toDoubles();
    }
  }

  /// What a run must keep.
  ///
  /// @param where at which places
  public static Capture capture(Places where) {
    return where.capture().withoutLogits();
  }

  /// Takes in a run of one text.
  ///
  /// @param trace a run that kept what [#capture] names
  /// @throws BasisException if it is of several texts, or lacks positions
  public void read(StreamTrace trace) {
    int length = Rows.requireWhole(trace);
    try (Scope _ = Scope.open()) {
      Tensor first = Wide.of(trace.get(places.getFirst().point()));
      Tensor turn =
          Tensor.of(rotation, Shape.of("d_model", dModel, "turned", dModel))
              .to(first.dtype())
              .to(first.device());
      for (int place = 0; place < places.size(); place++) {
        read(place, Wide.of(trace.get(places.get(place).point())), turn, length);
      }
    }
  }

  private void read(int place, Tensor stream, Tensor turn, int length) {
    try (Scope _ = Scope.open()) {
      double[] own = ofRows(stream, "d_model");
      double[] turned = ofRows(stream.dot(turn, "d_model"), "turned");
      for (Map.Entry<FirstPosition, List<Sample>> one : samples.entrySet()) {
        int from = one.getKey().from();
        if (from < length) {
          add(one.getValue().get(place), mean(own, from), mean(turned, from));
        }
      }
    }
  }

  private static void add(Sample sample, double own, double turned) {
    sample.own.add(own);
    sample.rotated.add(turned);
    sample.excess.add(own - turned);
  }

  private static double mean(double[] values, int from) {
    return IntStream.range(from, values.length)
        .mapToDouble(i -> values[i])
        .filter(Double::isFinite) // A token whose coordinates are all the same has no kurtosis.
        .average()
        .orElse(Double.NaN);
  }

  /// `mean((x − x̄)⁴) / mean((x − x̄)²)²` of each row; NaN where its numbers are all the same.
  static double[] ofRows(Tensor rows, String coordinates) {
    Tensor squares = rows.minus(rows.mean(coordinates)).square();
    Tensor second = squares.mean(coordinates);
    return squares.square().mean(coordinates).dividedBy(second.square()).toDoubles();
  }

  /// What a random direction of so many coordinates gives on average: `3 (d − 1) / (d + 1)`, since
  /// their mean is taken out; without that it would be `3 d / (d + 2)`. Both go to a Gaussian's 3.
  ///
  /// @param dModel how many coordinates
  public static double expected(int dModel) {
    return 3 * (dModel - 1.0) / (dModel + 1.0);
  }

  // ---------------------------------------------------------------- what it says

  /// The places, first to last.
  ///
  /// @param first whether the first position of each text counts
  /// @throws BasisException if no text was long enough
  public List<Layer> layers(FirstPosition first) {
    List<Sample> all = samples.get(first);
    if (all == null || all.getFirst().own.count() == 0) {
      throw BasisException.nothingRead();
    }
    return IntStream.range(0, places.size())
        .mapToObj(place -> {
          Sample sample = all.get(place);
          return new Layer(
              places.get(place).label(),
              sample.own.estimate(),
              sample.rotated.estimate(),
              sample.excess.estimate());
        })
        .toList();
  }
}
