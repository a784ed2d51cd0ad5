package dev.weir.readout.depth;

import dev.weir.model.Transformer;
import dev.weir.readout.Places;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// How well a linear map gives the stream some blocks later: `R²` of ridge regression on texts that
/// it was not fitted on, and the Procrustes similarity of the two clouds of points (Razzhigaev et
/// al. 2024, "Your Transformer is Secretly Linear", arXiv:2405.12250).
///
/// Reads any number of texts one by one and keeps sums of products alone: per pair of layers four
/// matrices `[d_model, d_model]` in float64. Every fourth text is held out. The first position of a
/// text is left out: its stream is unlike all others and would be most of the variance.
public final class LinearPredictability {
  /// Every so many texts one is held out.
  static final int HELD_OUT = 4;

  private final List<Score> scores;

  private LinearPredictability(List<Score> scores) {
    this.scores = List.copyOf(scores);
  }

  /// How linear the way from one layer to a later one is.
  ///
  /// @param layer where the way begins
  /// @param rSquared of the map on texts held out: 1 is perfect, 0 is no better than their mean,
  ///   below is worse
  /// @param copied the same for the map that changes nothing but the mean: what the stream's adding
  ///   up alone explains
  /// @param procrustes 1 where one cloud is a rotation of the other, scale and place aside; on the
  ///   texts that the map was fitted on
  public record Score(int layer, double rSquared, double copied, double procrustes) {}

  /// One for each layer that has another so far behind it.
  public List<Score> scores() {
    return scores;
  }

  // ---------------------------------------------------------------- reading texts

  /// What a run must keep; the logits are not needed.
  public static Capture capture() {
    return Places.LAYERS.capture().withoutLogits();
  }

  /// Nothing read yet.
  ///
  /// @param model which
  /// @param distance how many blocks lie between
  /// @param ridge the penalty, in units of the mean variance of a feature
  /// @throws DepthException if there are not so many blocks
  public static Fit over(Transformer model, int distance, double ridge) {
    int layers = model.spec().nLayers();
    if (distance < 1 || distance > layers) {
      throw DepthException.badCount(
          "A distance of", distance, "use 1 to %d blocks".formatted(layers));
    }
    return new Fit(model, distance, ridge);
  }

  /// The texts fitted on and those held out.
  private record Pair(PairSums fitted, PairSums heldOut) {}

  /// Reads texts one by one.
  public static final class Fit implements AutoCloseable {
    private final Transformer model;
    private final int distance;
    private final double ridge;
    private final List<Pair> pairs = new ArrayList<>();
    private long texts;

    private Fit(Transformer model, int distance, double ridge) {
      this.model = model;
      this.distance = distance;
      this.ridge = ridge;
      int width = model.spec().dModel();
      for (int layer = 0; layer + distance <= model.spec().nLayers(); layer++) {
        pairs.add(new Pair(new PairSums(width), new PairSums(width)));
      }
    }

    /// Reads one more text.
    ///
    /// @param trace a run of the model that kept what [#capture] names
    /// @throws DepthException if the trace is of several texts
    public void add(StreamTrace trace) {
      Streams.requireOneText("Linear predictability", trace);
      boolean heldOut = texts % HELD_OUT == HELD_OUT - 1;
      texts++;
      try (Scope _ = Scope.open()) {
        List<Tensor> streams = Streams.layers(model.spec(), trace);
        for (int layer = 0; layer < pairs.size(); layer++) {
          Pair pair = pairs.get(layer);
          (heldOut ? pair.heldOut : pair.fitted)
              .add(withoutFirst(streams.get(layer)), withoutFirst(streams.get(layer + distance)));
        }
      }
    }

    private static Tensor withoutFirst(Tensor stream) {
      return stream.slice("pos", 1, stream.size("pos") - 1);
    }

    /// Whether there are texts to fit on and texts to try on.
    public boolean enough() {
      return texts >= HELD_OUT;
    }

    /// What the texts so far say.
    ///
    /// @throws DepthException if there are fewer than four
    public LinearPredictability fitted() {
      if (!enough()) {
        throw DepthException.tooFewTexts(texts, HELD_OUT);
      }
      List<Score> scores = new ArrayList<>();
      for (int layer = 0; layer < pairs.size(); layer++) {
        Pair pair = pairs.get(layer);
        try (Scope _ = Scope.open()) {
          scores.add(
              new Score(
                  layer,
                  pair.heldOut.rSquared(pair.fitted.ridge(ridge)),
                  pair.heldOut.rSquared(pair.fitted.shift()),
                  pair.fitted.procrustes()));
        }
      }
      return new LinearPredictability(scores);
    }

    @Override
    public void close() {
      for (Pair pair : pairs) {
        pair.fitted.close();
        pair.heldOut.close();
      }
    }
  }
}
