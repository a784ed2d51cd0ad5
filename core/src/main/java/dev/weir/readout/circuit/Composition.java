package dev.weir.readout.circuit;

import dev.weir.readout.Estimate;
import dev.weir.readout.circuit.Circuits.Biases;
import dev.weir.readout.circuit.Circuits.Positions;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.LinearAlgebra.Svd;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.random.RandomGenerator;

/// How much each head reads of what each earlier head writes, by the weights alone (Elhage et al.
/// 2021, "composition scores"): `‖M₁M₂‖ / (‖M₁‖ ‖M₂‖)` in Frobenius norms, where `M₁` is the `W_OV`
/// of the earlier head and `M₂` the map of the later one that would read it. The four thin factors
/// collapse to two of size `d_head` first, so the maps are never multiplied out.
public final class Composition {
  private final Kind kind;
  private final List<Score> scores;
  private final Estimate baseline;

  private Composition(Kind kind, List<Score> scores, Estimate baseline) {
    this.kind = kind;
    this.scores = scores;
    this.baseline = baseline;
  }

  /// What of the later head reads.
  public enum Kind {
    /// Its queries: `M₂ = W_QK`.
    Q,
    /// Its keys: `M₂ = W_QKᵀ`.
    K,
    /// Its values: `M₂ = W_OV`.
    V
  }

  /// A pair of heads.
  ///
  /// @param fromLayer the earlier head's block
  /// @param fromHead the earlier head
  /// @param toLayer the later head's block
  /// @param toHead the later head
  /// @param value from 0 to 1
  public record Score(int fromLayer, int fromHead, int toLayer, int toHead, double value) {

    /// For instance `L0H1->L4H5`.
    public String label() {
      return "L%dH%d->L%dH%d".formatted(fromLayer, fromHead, toLayer, toHead);
    }
  }

  /// One channel of a pair of heads.
  ///
  /// @param index 0 for the strongest direction of the earlier head
  /// @param share its part of `‖M₁‖²`
  /// @param value the score of this direction alone, from 0 to 1
  public record Channel(int index, double share, double value) {}

  /// All pairs of heads in different blocks.
  ///
  /// @param circuits of a model whose stream only adds
  /// @param kind what of the later head reads
  /// @param positions where query and key stand, for [Kind#Q] and [Kind#K]
  /// @param random where the baseline's matrices come from
  /// @throws CircuitException if the pathway does more than add
  public static Composition of(
      Circuits circuits, Kind kind, Positions positions, RandomGenerator random) {
    StreamWeights weights = circuits.weights();
    weights.requireAdditive("Composition scores");
    int layers = weights.spec().nLayers();
    try (Scope _ = Scope.open()) {
      List<Tensor> writes = new ArrayList<>();
      List<Tensor> reads = new ArrayList<>();
      for (int layer = 0; layer < layers; layer++) {
        writes.add(unitWriting(circuits.ov(layer, Biases.LEFT_OUT)));
        reads.add(unitReading(reader(circuits, kind, positions, layer)));
      }
      List<Score> scores = new ArrayList<>();
      for (int from = 0; from < layers; from++) {
        for (int to = from + 1; to < layers; to++) {
          scores.addAll(between(from, writes.get(from), to, reads.get(to)));
        }
      }
      return new Composition(
          kind,
          List.copyOf(scores),
          baseline(weights.spec().dModel(), weights.attention(0).dHead(), random));
    }
  }

  private static FactoredMatrix reader(
      Circuits circuits, Kind kind, Positions positions, int layer) {
    return switch (kind) {
      case Q -> circuits.qk(layer, positions, Biases.LEFT_OUT);
      case K -> circuits.qk(layer, positions, Biases.LEFT_OUT).transposed();
      case V -> circuits.ov(layer, Biases.LEFT_OUT);
    };
  }

  /// The later half of a map, with what the earlier half does to lengths: `R B` where `A = Q R`,
  /// over the norm of `A B`; `[.., out, d_model]`.
  private static Tensor unitWriting(FactoredMatrix map) {
    Tensor lengths = LinearAlgebra.qr(map.left().rename("rank", "old"), "from", "old").r();
    Tensor collapsed = lengths.rename("rank", "out").dot(map.right().rename("rank", "old"), "old");
    return unit(collapsed.rename("to", "d_model"), "out");
  }

  /// The earlier half of a map, with what the later half does to lengths; `[.., in, d_model]`.
  private static Tensor unitReading(FactoredMatrix map) {
    return unitWriting(map.transposed()).rename("out", "in");
  }

  /// A map of no length composes with nothing.
  private static Tensor unit(Tensor half, String axis) {
    Tensor norm = half.square().sum(axis, "d_model").sqrt().notBelow(Float.MIN_NORMAL);
    return half.dividedBy(norm);
  }

  private static List<Score> between(int from, Tensor writes, int to, Tensor reads) {
    try (Scope _ = Scope.open()) {
      Tensor meet = writes.rename("head", "from").dot(reads.rename("head", "to"), "d_model");
      Tensor sizes = meet.square().sum("out", "in").sqrt().order("from", "to");
      double[] values = sizes.toDoubles();
      int readers = (int) sizes.size("to");
      List<Score> scores = new ArrayList<>();
      for (int i = 0; i < values.length; i++) {
        scores.add(new Score(from, i / readers, to, i % readers, values[i]));
      }
      return scores;
    }
  }

  /// What maps of these shapes with independent Gaussian factors score: about `1 / √d_model`.
  ///
  /// @param dModel width of the stream
  /// @param dHead size of a head
  /// @param random where the numbers come from
  public static Estimate baseline(int dModel, int dHead, RandomGenerator random) {
    double[] scores = new double[BASELINE_PAIRS];
    Arrays.setAll(scores, _ -> randomScore(dModel, dHead, random));
    return Estimate.of(scores);
  }

  private static final int BASELINE_PAIRS = 32;

  private static double randomScore(int dModel, int dHead, RandomGenerator random) {
    try (Scope _ = Scope.open()) {
      Tensor writes = unitWriting(randomMap(dModel, dHead, random));
      Tensor reads = unitReading(randomMap(dModel, dHead, random));
      return writes.dot(reads, "d_model").square().sum().sqrt().item();
    }
  }

  private static FactoredMatrix randomMap(int dModel, int dHead, RandomGenerator random) {
    return new FactoredMatrix(
        Tensor.gaussian(Shape.of("from", dModel, "rank", dHead), 1, random),
        Tensor.gaussian(Shape.of("rank", dHead, "to", dModel), 1, random));
  }

  /// One pair of heads, direction by direction: the earlier head's map is replaced by each of its
  /// singular terms `σ u vᵀ` alone, which shows channels that the whole score hides (Merullo et al.
  /// 2024, arXiv:2406.09519).
  ///
  /// @param circuits of a model whose stream only adds
  /// @param kind what of the later head reads
  /// @param positions where query and key stand, for [Kind#Q] and [Kind#K]
  /// @param pair the two heads; the value is not read
  public static List<Channel> channels(
      Circuits circuits, Kind kind, Positions positions, Score pair) {
    StreamWeights weights = circuits.weights();
    weights.requireAdditive("Composition scores");
    weights.requireHead(pair.fromLayer(), pair.fromHead());
    weights.requireHead(pair.toLayer(), pair.toHead());
    try (Scope _ = Scope.open()) {
      Svd svd = circuits.ov(pair.fromLayer(), Biases.LEFT_OUT).at("head", pair.fromHead()).svd();
      FactoredMatrix later =
          reader(circuits, kind, positions, pair.toLayer()).at("head", pair.toHead());
      Tensor met = svd.v().rename("to", "d_model").dot(unitReading(later), "d_model");
      double[] values = met.norm("in").toDoubles();
      double[] squares = svd.s().square().toDoubles();
      double all = Arrays.stream(squares).sum();
      List<Channel> channels = new ArrayList<>();
      for (int i = 0; i < values.length; i++) {
        channels.add(new Channel(i, squares[i] / all, values[i]));
      }
      return channels;
    }
  }

  // ---------------------------------------------------------------- results

  /// What of the later heads reads.
  public Kind kind() {
    return kind;
  }

  /// All pairs, in order of the earlier block, the later block, the earlier head, the later head.
  public List<Score> scores() {
    return scores;
  }

  /// The highest scores, highest first.
  ///
  /// @param count how many
  public List<Score> top(int count) {
    return scores.stream()
        .sorted(Comparator.comparingDouble(Score::value).reversed())
        .limit(count)
        .toList();
  }

  /// The mean over all pairs; NaN where there are none.
  public double mean() {
    return scores.stream().mapToDouble(Score::value).average().orElse(Double.NaN);
  }

  /// What random maps of the same shapes score.
  public Estimate baseline() {
    return baseline;
  }
}
