package dev.weir.readout.lens;

import dev.weir.readout.Estimate;
import dev.weir.readout.LogitLens.Reading;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// What a lens shows on average over many texts, each of which counts once with its mean over
/// positions. Only sums are kept, however many texts there are. Intervals take texts as independent
/// of each other, and assume nothing of the positions within one.
public final class LensSurvey {
  private final int firstPosition;
  private final List<Map<Measure, Estimate.Running>> running = new ArrayList<>();
  private List<String> places = List.of();
  private int texts;

  private LensSurvey(int firstPosition) {
    this.firstPosition = firstPosition;
  }

  /// What is averaged.
  public enum Measure {
    /// Of the token that came next, nats.
    CROSS_ENTROPY,
    /// `KL(final ‖ lens)`, nats.
    KL_TO_FINAL,
    /// Of the lens's distribution, nats.
    ENTROPY,
    /// The share of positions whose likeliest token is already the one of the end.
    AGREEMENT,
    /// How many tokens are likelier than the one that is followed.
    TARGET_RANK,
    /// How likely the token that is followed is.
    TARGET_PROBABILITY
  }

  /// A survey of no texts yet.
  ///
  /// @param firstPosition the first position that counts; 1 leaves out the first token, which
  ///   behaves unlike all others
  public static LensSurvey from(int firstPosition) {
    return new LensSurvey(firstPosition);
  }

  /// Adds a text.
  ///
  /// @param readings what the lens shows of it
  public void add(LensReadings readings) {
    if (places.isEmpty()) {
      places = readings.places();
      places.forEach(_ -> running.add(new EnumMap<>(Measure.class)));
    }
    int[] counted =
        IntStream.range(0, readings.positions().size())
            .filter(i -> readings.positions().get(i) >= firstPosition)
            .toArray();
    if (counted.length == 0) {
      return;
    }
    texts++;
    for (int place = 0; place < places.size(); place++) {
      for (Measure measure : Measure.values()) {
        add(place, measure, mean(readings, place, counted, measure));
      }
    }
  }

  private void add(int place, Measure measure, double mean) {
    running(place, measure).add(mean);
  }

  private Estimate.Running running(int place, Measure measure) {
    return running.get(place).computeIfAbsent(measure, _ -> new Estimate.Running());
  }

  /// NaN where no position has such a value.
  private static double mean(LensReadings readings, int place, int[] counted, Measure measure) {
    return IntStream.of(counted)
        .mapToDouble(i -> value(readings, place, i, measure))
        .filter(value -> !Double.isNaN(value))
        .average()
        .orElse(Double.NaN);
  }

  private static double value(LensReadings readings, int place, int index, Measure measure) {
    Reading reading = readings.at(place, index);
    return switch (measure) {
      case CROSS_ENTROPY -> reading.crossEntropy().orElse(Double.NaN);
      case KL_TO_FINAL -> reading.klToFinal();
      case ENTROPY -> reading.entropy();
      case AGREEMENT -> readings.agrees(place, index) ? 1 : 0;
      case TARGET_RANK -> reading.targetRank();
      case TARGET_PROBABILITY -> reading.targetProbability();
    };
  }

  /// The places, first to last; none before the first text.
  public List<String> places() {
    return places;
  }

  /// How many texts were added.
  public int texts() {
    return texts;
  }

  /// The mean over texts with its 95 % confidence interval, which one text does not have.
  ///
  /// @param place index of the place
  /// @param measure of what
  public Estimate mean(int place, Measure measure) {
    return running(place, measure).estimate();
  }
}
