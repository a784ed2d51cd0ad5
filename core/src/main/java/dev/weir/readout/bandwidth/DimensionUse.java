package dev.weir.readout.bandwidth;

import dev.weir.model.TransformerSpec;
import dev.weir.readout.Estimate;
import dev.weir.readout.FirstPosition;
import dev.weir.readout.Places;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.statistics.distribution.TDistribution;

/// How many dimensions of the stream are in use: the spectrum of its covariance over tokens at each
/// place, with and without the first position of texts, with and without the coordinates that vary
/// most. Texts are read one at a time; what is kept does not grow with their number.
///
/// Intervals are jackknifed: texts are dealt into groups, and each group is left out once.
public final class DimensionUse {
  private static final long NUMBERS_KEPT = 1L << 26;
  private static final int MOST_GROUPS = 8;
  private static final int LEAST_GROUPS = 3;
  private static final double UPPER_TAIL = 0.975;

  private final List<Places.Place> places;
  private final int outliers;
  private final List<Sums> sums;
  private int texts;

  /// Covariances at one place.
  ///
  /// @param groups of all positions but the first, for each group of texts
  /// @param first of first positions
  private record Sums(List<Covariance> groups, Covariance first) {}

  /// The stream at one place.
  ///
  /// @param place its label
  /// @param tokens how many were seen
  /// @param spectrum of all coordinates
  /// @param outliers the coordinates that vary most, most first
  /// @param withoutOutliers the spectrum of all others
  /// @param participationRatio with its interval, which is NaN where there are few texts, and where
  ///   first positions count
  /// @param effectiveRank the same
  public record Layer(
      String place,
      long tokens,
      Spectrum spectrum,
      List<Integer> outliers,
      Spectrum withoutOutliers,
      Estimate participationRatio,
      Estimate effectiveRank) {
    public Layer {
      outliers = List.copyOf(outliers);
    }
  }

  /// Starts with no texts.
  ///
  /// @param spec the model
  /// @param where at which places
  /// @param outliers how many of the coordinates that vary most are left out once
  public DimensionUse(TransformerSpec spec, Places where, int outliers) {
    this(spec.dModel(), where.of(spec), outliers);
  }

  /// Starts with no texts, at places of any kind: what sublayers write, for instance.
  ///
  /// @param dModel the width of what is there
  /// @param places where, each `[pos, d_model]`
  /// @param outliers how many of the coordinates that vary most are left out once
  public DimensionUse(int dModel, List<Places.Place> places, int outliers) {
    this.places = List.copyOf(places);
    this.outliers = Math.min(outliers, dModel - 1);
    long each = (long) places.size() * dModel * dModel;
    int groups = Math.clamp(NUMBERS_KEPT / each, 1, MOST_GROUPS);
    this.sums =
        Stream.generate(() ->
                new Sums(
                    Stream.generate(() -> new Covariance(dModel)).limit(groups).toList(),
                    new Covariance(dModel)))
            .limit(places.size())
            .toList();
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
  /// @throws BandwidthException if it is of several texts, or lacks positions
  public void read(StreamTrace trace) {
    if (trace.tokens().size() != 1) {
      throw BandwidthException.severalTexts(trace.tokens().size());
    }
    int length = trace.tokens().getFirst().length;
    if (trace.positions().size() != length) {
      throw BandwidthException.missingPositions(trace.positions().size(), length);
    }
    try (Scope _ = Scope.open()) {
      for (int place = 0; place < places.size(); place++) {
        Tensor stream = trace.get(places.get(place).point());
        Sums here = sums.get(place);
        here.first.add(stream.slice("pos", 0, 1));
        here.groups.get(texts % here.groups.size()).add(stream.slice("pos", 1, length - 1L));
      }
    }
    texts++;
  }

  /// The places, first to last.
  ///
  /// @param first whether the first position of each text counts
  /// @throws BandwidthException if there were not two tokens
  public List<Layer> layers(FirstPosition first) {
    return IntStream.range(0, places.size()).mapToObj(place -> layer(place, first)).toList();
  }

  private Layer layer(int place, FirstPosition first) {
    Covariance all = joined(sums.get(place), first, -1);
    Spectrum spectrum = all.spectrum();
    int[] largest = all.largest(outliers);
    List<Spectrum> partial = first == FirstPosition.LEFT_OUT ? partial(sums.get(place)) : List.of();
    return new Layer(
        places.get(place).label(),
        all.count(),
        spectrum,
        Arrays.stream(largest).boxed().toList(),
        all.spectrum(largest),
        jackknifed(Spectrum::participationRatio, spectrum, partial),
        jackknifed(Spectrum::effectiveRank, spectrum, partial));
  }

  private static Covariance joined(Sums sums, FirstPosition first, int without) {
    Covariance all = new Covariance(sums.first.size());
    for (int group = 0; group < sums.groups.size(); group++) {
      if (group != without) {
        all.join(sums.groups.get(group));
      }
    }
    if (first == FirstPosition.KEPT) {
      all.join(sums.first);
    }
    return all;
  }

  /// The spectra with each group left out; none where there are too few groups with texts.
  private static List<Spectrum> partial(Sums sums) {
    List<Spectrum> partial = new ArrayList<>();
    for (int group = 0; group < sums.groups.size(); group++) {
      if (sums.groups.get(group).count() > 0) {
        Covariance rest = joined(sums, FirstPosition.LEFT_OUT, group);
        if (rest.count() < 2) {
          return List.of();
        }
        partial.add(rest.spectrum());
      }
    }
    return partial.size() < LEAST_GROUPS ? List.of() : partial;
  }

  /// Tukey 1958: the spread of what is left when one group is left out.
  private static Estimate jackknifed(
      ToDoubleFunction<Spectrum> measure, Spectrum whole, List<Spectrum> partial) {
    double value = measure.applyAsDouble(whole);
    int groups = partial.size();
    if (groups == 0) {
      return new Estimate(value, Double.NaN, Double.NaN, 1);
    }
    double[] left = partial.stream().mapToDouble(measure).toArray();
    double mean = Arrays.stream(left).average().orElseThrow();
    double variance =
        (groups - 1.0) / groups * Arrays.stream(left).map(x -> (x - mean) * (x - mean)).sum();
    double reach =
        TDistribution.of(groups - 1.0).inverseCumulativeProbability(UPPER_TAIL)
            * Math.sqrt(variance);
    return new Estimate(value, value - reach, value + reach, groups);
  }
}
