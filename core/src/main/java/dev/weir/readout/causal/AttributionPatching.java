package dev.weir.readout.causal;

import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.stream.HookPoint;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/// What activation patching would find, to first order, for every place at once: the difference of
/// the two runs there times the derivative of the metric (Nanda 2023, "Attribution patching"; Syed
/// et al. 2023, arXiv:2310.10348). Two forward passes and one backward pass, however many places.
///
/// `Σ (a_source − a_base) · ∂M/∂a`, over the mean distance of the metrics, as in
/// [ActivationPatching]. Where the stream passes the sum runs over the whole state of the pathway.
public final class AttributionPatching {
  private final Transformer model;
  private final Options options;
  private final Map<Place, Effect> effects = new LinkedHashMap<>();
  private final Baseline baseline = new Baseline();
  private OptionalInt length = OptionalInt.empty();

  /// Grids to be filled.
  ///
  /// @param model whose runs are compared
  /// @param options which places and which metric
  /// @throws CausalException if the model has none of a site, or the metric has no slope
  public AttributionPatching(Transformer model, Options options) {
    this.model = model;
    this.options = options;
    for (ActivationSite site : options.sites) {
      if (site.layers(model).isEmpty()) {
        throw CausalException.noSuchSite(site.words());
      }
    }
  }

  /// What is asked.
  ///
  /// @param sites which kinds of place
  /// @param slope where the derivative is taken
  /// @param metric how the answer is measured
  /// @param direction which run would be changed
  public record Options(
      List<ActivationSite> sites, Slope slope, Metric metric, Direction direction) {
    public Options {
      sites = List.copyOf(sites);
      requireSlope(slope, metric, direction);
    }

    /// Clean values into the corrupted run, with the derivative there, of the logit difference.
    ///
    /// @param sites which kinds of place
    public static Options usual(ActivationSite... sites) {
      return new Options(
          List.of(sites), new Slope.AtBase(), Metric.LOGIT_DIFFERENCE, Direction.DENOISE);
    }
  }

  /// A distance is flat where it is zero.
  static void requireSlope(Slope slope, Metric metric, Direction direction) {
    if (metric == Metric.KL_TO_CLEAN
        && direction == Direction.NOISE
        && slope instanceof Slope.AtBase) {
      throw CausalException.flatMetric();
    }
  }

  /// A place at one position.
  ///
  /// @param site which kind of place
  /// @param layer the block
  /// @param head the head, where the site is told apart by heads
  /// @param position in the prompt
  public record Place(ActivationSite site, int layer, OptionalInt head, int position) {}

  /// What one place says.
  ///
  /// @param place which
  /// @param score how far the answer would follow a patch there, to first order
  public record Cell(Place place, Estimate score) {}

  /// Compares some pairs.
  ///
  /// @param pairs pairs of the length of those before
  public void add(List<PromptPair> pairs) {
    PromptPair.requireOneLength(pairs);
    PromptPair.requireLength(pairs, length.orElse(pairs.getFirst().length()));
    length = OptionalInt.of(pairs.getFirst().length());
    Set<HookPoint> points = new HashSet<>();
    Set<HookPoint> states = new HashSet<>();
    for (ActivationSite site : options.sites) {
      for (int layer : site.layers(model)) {
        (site.isStream() ? states : points).add(site.in(layer));
      }
    }
    try (Scope _ = Scope.open();
        PairRuns runs = new PairRuns(model, pairs, options.metric, options.direction);
        PairGradients found =
            new PairGradients(model, runs, options.direction, options.slope, points, states)) {
      baseline.add(runs);
      for (ActivationSite site : options.sites) {
        for (int layer : site.layers(model)) {
          add(runs, site, layer, found);
        }
      }
    }
  }

  private void add(PairRuns runs, ActivationSite site, int layer, PairGradients found) {
    String position = site == ActivationSite.PATTERN ? "query_pos" : "pos";
    Tensor scores = found.attribution(site.in(layer), "batch", position, "head", "kv_head");
    int heads = Math.max(1, site.heads(model.spec(), layer));
    List<String> axes = new ArrayList<>(List.of("batch", position));
    scores.shape().names().stream().filter(name -> name.endsWith("head")).forEach(axes::add);
    double[] numbers = scores.order(axes.toArray(String[]::new)).toDoubles();
    int positions = length.orElseThrow();
    for (int head = 0; head < heads; head++) {
      for (int p = 0; p < positions; p++) {
        OptionalInt which = site.hasHeads() ? OptionalInt.of(head) : OptionalInt.empty();
        Effect effect =
            effects.computeIfAbsent(new Place(site, layer, which, p), _ -> new Effect());
        for (int pair = 0; pair < runs.pairs().size(); pair++) {
          effect.add(
              numbers[(pair * positions + p) * heads + head], runs.source(pair) - runs.base(pair));
        }
      }
    }
  }

  // ---------------------------------------------------------------- what was found

  /// Every place, site by site, layer by layer, head by head, position by position.
  ///
  /// @throws CausalException if no pair was added, or the metric was the same in both runs
  public List<Cell> cells() {
    baseline.requireDistance(options.metric);
    return effects.entrySet().stream()
        .map(entry -> new Cell(entry.getKey(), entry.getValue().score()))
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
