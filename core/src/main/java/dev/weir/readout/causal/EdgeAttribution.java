package dev.weir.readout.causal;

import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.readout.Transport;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.stream.StreamTrace;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// How much of the answer goes from each writer to each reader of the stream, to first order: edge
/// attribution patching (Syed et al. 2023, arXiv:2310.10348; with integrated gradients Hanna et al.
/// 2024, arXiv:2403.17806).
///
/// `score(u → v) = (e_u,source − e_u,base) · ∂M/∂in_v`, over the mean distance of the metrics,
/// where what `u` wrote is carried to `v` with the base run's routing frozen: on the plain pathway
/// it arrives as it is. The edges of a writer add up to the attribution of its write, where the
/// routing does not depend on the stream; where it does, what a write does to the routing is in no
/// edge.
public final class EdgeAttribution {
  private final Transformer model;
  private final Options options;
  private final List<Reader> readers;
  private final Map<Edge, Effect> effects = new LinkedHashMap<>();
  private final Baseline baseline = new Baseline();

  /// Edges to be measured.
  ///
  /// @param model whose runs are compared
  /// @param options where the derivative is taken, and of what
  public EdgeAttribution(Transformer model, Options options) {
    this.model = model;
    this.options = options;
    this.readers = readers(model);
  }

  /// What is asked.
  ///
  /// @param slope where the derivative is taken
  /// @param metric how the answer is measured
  /// @param direction which run would be changed
  public record Options(Slope slope, Metric metric, Direction direction) {
    public Options {
      AttributionPatching.requireSlope(slope, metric, direction);
    }

    /// Clean values into the corrupted run, five steps of integrated gradients, of the logit
    /// difference.
    public static Options usual() {
      return new Options(new Slope.Integrated(5), Metric.LOGIT_DIFFERENCE, Direction.DENOISE);
    }
  }

  /// From a writer to a reader.
  ///
  /// @param writer `embed`, `L3H2`, `3_mlp_out` or `3_local_out`
  /// @param reader `3_attn_in` (or `3_q_input` and so on where they read apart), `3_mlp_in`,
  ///   `3_local_in` or `logits`
  public record Edge(String writer, String reader) {}

  /// What one edge carries.
  ///
  /// @param edge which
  /// @param score its share of the way from the base run to the source run, to first order
  public record Cell(Edge edge, Estimate score) {}

  /// Somebody who reads.
  ///
  /// @param place where the derivative is taken
  /// @param carriedTo the place that writes are carried to; the MLP of a parallel block reads what
  ///   enters the block
  private record Reader(String label, HookPoint place, HookPoint carriedTo) {
    static Reader of(HookPoint.InBlock place, Transformer model) {
      boolean aside = place instanceof HookPoint.MlpIn && model.spec().depth().parallel();
      return new Reader(
          place.layer() + "_" + place.local().replace("hook_", ""),
          place,
          aside ? new HookPoint.ResidPre(place.layer()) : place);
    }
  }

  /// Everything that reads the stream, first to last.
  private static List<Reader> readers(Transformer model) {
    List<Reader> readers = new ArrayList<>();
    for (HookPoint point : model.hookPoints()) {
      if (point instanceof HookPoint.InBlock place && reads(place)) {
        readers.add(Reader.of(place, model));
      }
    }
    HookPoint end = new HookPoint.ResidPost(model.spec().nLayers() - 1);
    readers.add(new Reader("logits", end, end));
    return readers;
  }

  private static boolean reads(HookPoint.InBlock place) {
    return place instanceof HookPoint.LocalIn
        || place instanceof HookPoint.AttnIn
        || place instanceof HookPoint.QueryIn
        || place instanceof HookPoint.KeyIn
        || place instanceof HookPoint.ValueIn
        || place instanceof HookPoint.MlpIn;
  }

  /// Compares some pairs.
  ///
  /// @param pairs pairs of one length
  public void add(List<PromptPair> pairs) {
    PromptPair.requireOneLength(pairs);
    Set<HookPoint> places = new HashSet<>(readers.stream().map(Reader::place).toList());
    try (Scope _ = Scope.open();
        PairRuns runs = new PairRuns(model, pairs, options.metric, options.direction);
        PairGradients found =
            new PairGradients(model, runs, options.direction, options.slope, places, Set.of())) {
      baseline.add(runs);
      for (int pair = 0; pair < pairs.size(); pair++) {
        add(runs, pair, found);
      }
    }
  }

  private void add(PairRuns runs, int pair, PairGradients found) {
    PromptPair prompts = runs.pairs().get(pair);
    boolean denoise = options.direction == Direction.DENOISE;
    double distance = runs.source(pair) - runs.base(pair);
    try (Scope _ = Scope.open();
        StreamTrace baseTrace =
            model.trace(denoise ? prompts.corrupt() : prompts.clean(), Transport.capture());
        StreamTrace sourceTrace =
            model.trace(denoise ? prompts.clean() : prompts.corrupt(), Transport.capture())) {
      Transport base = Transport.of(model, baseTrace);
      Transport source = Transport.of(model, sourceTrace);
      for (Reader reader : readers) {
        Tensor slope = found.gradient(reader.place).getFirst().at("batch", pair);
        Tensor embedded = source.embedded().minus(base.embedded());
        add("embed", reader, along(base.embedCarried(embedded, reader.carriedTo), slope), distance);
        for (Site site : base.sites().subList(0, base.writesBefore(reader.carriedTo))) {
          add(site, reader, base, source, slope, distance);
        }
      }
    }
  }

  private void add(
      Site site, Reader reader, Transport base, Transport source, Tensor slope, double distance) {
    int layer = site.layer();
    if (site.sublayer() != Site.Sublayer.ATTENTION) {
      Tensor written = source.written(site).minus(base.written(site));
      add(
          WriterLabels.write(site),
          reader,
          along(base.carried(written, site, reader.carriedTo), slope),
          distance);
      return;
    }
    Tensor heads = source.headWrites(layer).minus(base.headWrites(layer));
    double[] scores = along(base.carried(heads, site, reader.carriedTo), slope);
    for (int head = 0; head < scores.length; head++) {
      add(new Component.Head(layer, head).label(), reader, new double[] {scores[head]}, distance);
    }
  }

  private static double[] along(Tensor part, Tensor slope) {
    return part.times(slope).sum("pos", "d_model").toDoubles();
  }

  private void add(String writer, Reader reader, double[] score, double distance) {
    effects
        .computeIfAbsent(new Edge(writer, reader.label), _ -> new Effect())
        .add(score[0], distance);
  }

  // ---------------------------------------------------------------- what was found

  /// Every edge, reader by reader.
  ///
  /// @throws CausalException if no pair was added, or the metric was the same in both runs
  public List<Cell> edges() {
    baseline.requireDistance(options.metric);
    return effects.entrySet().stream()
        .map(entry -> new Cell(entry.getKey(), entry.getValue().score()))
        .toList();
  }

  /// The edges that carry most, either way.
  ///
  /// @param count how many
  public List<Cell> top(int count) {
    return edges().stream()
        .sorted(Comparator.comparingDouble((Cell cell) -> Math.abs(cell.score().mean())).reversed())
        .limit(count)
        .toList();
  }

  /// The metric of the clean runs.
  public Estimate clean() {
    return baseline.clean();
  }

  /// The metric of the corrupted runs.
  public Estimate corrupt() {
    return baseline.corrupt();
  }
}
