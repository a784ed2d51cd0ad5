package dev.weir.readout.causal;

import dev.weir.model.PartialRun;
import dev.weir.model.Transformer;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/// Differences and derivatives of some pairs: two forward passes (one for both runs of every pair,
/// one to be differentiated) and one backward pass for all places. Tensors are of the current
/// scope.
final class PairGradients implements AutoCloseable {
  private static final Capture.Positions LAST = new Capture.Positions.One(-1);

  private final Nodes both;
  private final int pairs;
  private final Direction direction;
  private final Map<HookPoint, List<Tensor>> gradients = new HashMap<>();

  /// Runs them.
  ///
  /// @param runs the pairs, whose metric is differentiated
  /// @param points places that are asked for
  /// @param states places at which the whole state of the stream is asked for
  PairGradients(
      Transformer model,
      PairRuns runs,
      Direction direction,
      Slope slope,
      Set<HookPoint> points,
      Set<HookPoint> states) {
    this.direction = direction;
    this.pairs = runs.pairs().size();
    this.both = Nodes.values(points, states);
    runThrough(model, texts(runs, List.of(true, false)), both);
    boolean baseIsClean = direction == Direction.NOISE;
    List<int[]> repeated = texts(runs, Collections.nCopies(slope.points(), baseIsClean));
    int[] pairOfRow = IntStream.range(0, repeated.size()).map(row -> row % pairs).toArray();
    try (Nodes nodes = Nodes.from(points, states, embeddings(slope))) {
      Tensor logits = runThrough(model, repeated, nodes);
      Tensor total = runs.measure().of(logits, pairOfRow).sum();
      List<HookPoint> places = new ArrayList<>(points);
      places.addAll(states);
      places.add(new HookPoint.Embed());
      List<Tensor> asked = places.stream().flatMap(p -> nodes.get(p).stream()).toList();
      List<Tensor> found = Gradients.orZero(total, asked);
      int next = 0;
      for (HookPoint place : places) {
        List<Tensor> here = new ArrayList<>();
        for (Tensor _ : nodes.get(place)) {
          here.add(overPoints(found.get(next++), slope.points()));
        }
        gradients.put(place, here);
      }
    }
  }

  /// One copy of every pair's prompts after the other.
  private static List<int[]> texts(PairRuns runs, List<Boolean> clean) {
    return clean.stream()
        .flatMap(
            isClean -> runs.pairs().stream().map(pair -> isClean ? pair.clean() : pair.corrupt()))
        .toList();
  }

  private static Tensor runThrough(Transformer model, List<int[]> texts, Hooks hooks) {
    try (PartialRun<?> start = model.begin(texts, hooks)) {
      return start.logits(LAST, hooks).at("pos", 0);
    }
  }

  /// `base + share · (source − base)` for each point on the way, `[batch, pos, d_model]`.
  private Tensor embeddings(Slope slope) {
    HookPoint embed = new HookPoint.Embed();
    Tensor base = base(both.get(embed).getFirst());
    Tensor way = difference(embed).getFirst();
    return Tensor.concat(
        "batch",
        IntStream.range(0, slope.points())
            .mapToObj(point -> base.plus(way.times(slope.share(point))))
            .toList());
  }

  private Tensor overPoints(Tensor gradient, int points) {
    return gradient
        .split("batch", new Axis("point", points), new Axis("batch", pairs))
        .mean("point");
  }

  private Tensor base(Tensor cleanThenCorrupt) {
    return cleanThenCorrupt.slice("batch", direction == Direction.DENOISE ? pairs : 0, pairs);
  }

  private Tensor source(Tensor cleanThenCorrupt) {
    return cleanThenCorrupt.slice("batch", direction == Direction.DENOISE ? 0 : pairs, pairs);
  }

  /// The source run's value less that of the base run, `[batch, ..]` with a row for each pair; one
  /// tensor, or those of the state.
  List<Tensor> difference(HookPoint point) {
    return both.get(point).stream().map(value -> source(value).minus(base(value))).toList();
  }

  /// The derivative of the metric, the mean over the points on the way; shapes as in [#difference].
  List<Tensor> gradient(HookPoint point) {
    return gradients.getOrDefault(point, List.of());
  }

  /// What the metric would change if the base run had the source run's value at a place and were
  /// linear from there on: difference times derivative, summed but for these axes.
  ///
  /// @param kept names of axes that are not summed over, where they are there
  Tensor attribution(HookPoint point, String... kept) {
    List<Tensor> differences = difference(point);
    List<Tensor> slopes = gradient(point);
    Tensor sum = Tensor.zeros(Shape.of(new Axis("batch", pairs)), differences.getFirst().dtype());
    for (int i = 0; i < slopes.size(); i++) {
      Tensor product = differences.get(i).times(slopes.get(i));
      sum = summed(product, kept).plus(sum.to(product.device()));
    }
    return sum;
  }

  private static Tensor summed(Tensor product, String... kept) {
    Set<String> stay = Set.of(kept);
    String[] gone =
        product.shape().names().stream()
            .filter(name -> !stay.contains(name))
            .toArray(String[]::new);
    return gone.length == 0 ? product : product.sum(gone);
  }

  @Override
  public void close() {
    both.close();
  }
}
