package dev.weir.readout.causal;

import dev.weir.model.AttentionSpec.Visibility;
import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/// Where the answer passes: the values that one run has at a place are put into another run, place
/// by place, and the score says how far the answer follows (Vig et al. 2020, arXiv:2004.12265; Meng
/// et al. 2022, arXiv:2202.05262; Zhang & Nanda 2023, arXiv:2309.16042).
///
/// `score = (M_patched − M_base) / (M_source − M_base)`, means over pairs above and below: 0 where
/// the patch changes nothing, 1 where the run behaves like the one that the values come from.
/// Denoising, base is the corrupted run and source the clean one; noising, the other way round.
///
/// Pairs are given in groups; memory does not grow with their number. A patch at block `l` starts
/// from the runs as they enter block `l`, and many patches are rows of one batch. Positions before
/// a pair's first difference hold the same values in both runs of a model that looks back only;
/// nothing is run for them.
public final class ActivationPatching {
  private final Transformer model;
  private final Options options;
  private final Map<Place, Effect> effects = new LinkedHashMap<>();
  private final Baseline baseline = new Baseline();
  private OptionalInt length = OptionalInt.empty();

  /// A grid to be filled.
  ///
  /// @param model whose runs are patched
  /// @param options what is patched and what is measured
  /// @throws CausalException if no block has such a site
  public ActivationPatching(Transformer model, Options options) {
    this.model = model;
    this.options = options;
    if (layers().isEmpty()) {
      throw CausalException.noSuchSite(options.site.words());
    }
  }

  /// Along what a grid has its columns, beside the layers.
  public enum Columns {
    /// Each position; all heads at once.
    POSITIONS,
    /// Each head; all positions at once.
    HEADS,
    /// Each head at each position.
    HEADS_AND_POSITIONS,
    /// One cell for a layer: everything at once.
    WHOLE
  }

  /// What is patched and what is measured.
  ///
  /// @param site which kind of place
  /// @param columns along what the grid has its columns
  /// @param metric how the answer is measured
  /// @param direction which run is changed
  public record Options(ActivationSite site, Columns columns, Metric metric, Direction direction) {
    public Options {
      boolean byHead = columns == Columns.HEADS || columns == Columns.HEADS_AND_POSITIONS;
      if (byHead && !site.hasHeads()) {
        throw CausalException.noHeads(site.words());
      }
    }

    /// Clean values into the corrupted run, measured by the logit difference; streams and writes by
    /// position, heads by head.
    ///
    /// @param site which kind of place
    public static Options usual(ActivationSite site) {
      return new Options(
          site,
          site.hasHeads() ? Columns.HEADS : Columns.POSITIONS,
          Metric.LOGIT_DIFFERENCE,
          Direction.DENOISE);
    }

    private boolean byPosition() {
      return columns == Columns.POSITIONS || columns == Columns.HEADS_AND_POSITIONS;
    }

    private boolean byHead() {
      return columns == Columns.HEADS || columns == Columns.HEADS_AND_POSITIONS;
    }
  }

  /// A cell of the grid.
  ///
  /// @param layer the block
  /// @param head the head, or the key/value head of a key or value; empty for all
  /// @param position in the prompt; empty for all
  public record Place(int layer, OptionalInt head, OptionalInt position) {}

  /// What one cell says.
  ///
  /// @param place which
  /// @param score how far the answer follows the patch
  public record Cell(Place place, Estimate score) {}

  /// Patches some pairs.
  ///
  /// @param pairs pairs of one length; where the grid has positions, of the length of those before
  public void add(List<PromptPair> pairs) {
    requireOneLength(pairs);
    try (PairRuns runs = new PairRuns(model, pairs, options.metric, options.direction)) {
      baseline.add(runs);
      for (int layer : layers()) {
        addLayer(runs, layer);
      }
    }
  }

  private void requireOneLength(List<PromptPair> pairs) {
    PromptPair.requireOneLength(pairs);
    int first = pairs.getFirst().length();
    if (options.byPosition() && length.isPresent()) {
      PromptPair.requireLength(pairs, length.getAsInt());
    }
    length = OptionalInt.of(first);
  }

  private void addLayer(PairRuns runs, int layer) {
    List<Place> places = places(layer, runs.pairs().getFirst().length());
    List<Patch> patches = new ArrayList<>();
    for (int pair = 0; pair < runs.pairs().size(); pair++) {
      for (Place place : places) {
        if (mayMatter(runs.pairs().get(pair), place)) {
          patches.add(new Patch(pair, options.site, place));
        }
      }
    }
    double[] metrics = runs.metrics(layer, patches);
    int next = 0;
    for (int pair = 0; pair < runs.pairs().size(); pair++) {
      double base = runs.base(pair);
      for (Place place : places) {
        double after = mayMatter(runs.pairs().get(pair), place) ? metrics[next++] : base;
        effects
            .computeIfAbsent(place, _ -> new Effect())
            .add(after - base, runs.source(pair) - base);
      }
    }
  }

  /// Before the first difference both runs are the same, where nobody looks ahead.
  private boolean mayMatter(PromptPair pair, Place place) {
    boolean looksAhead =
        model.spec().blocks().stream()
            .anyMatch(b -> b.attention().visibility() instanceof Visibility.Bidirectional);
    return looksAhead
        || place.position().isEmpty()
        || place.position().getAsInt() >= pair.firstDifference();
  }

  private List<Place> places(int layer, int length) {
    List<Place> places = new ArrayList<>();
    for (OptionalInt head : oneOrAll(options.byHead(), options.site.heads(model.spec(), layer))) {
      for (OptionalInt position : oneOrAll(options.byPosition(), length)) {
        places.add(new Place(layer, head, position));
      }
    }
    return places;
  }

  private static List<OptionalInt> oneOrAll(boolean oneByOne, int count) {
    return oneByOne
        ? IntStream.range(0, count).mapToObj(OptionalInt::of).toList()
        : List.of(OptionalInt.empty());
  }

  /// One patch of one pair.
  private record Patch(int pair, ActivationSite site, Place place) implements PairRuns.Experiment {
    @Override
    public void edit(RowEdits edits, PairRuns.Rows rows) {
      int[] heads = place.head().stream().toArray();
      edits.copy(
          site.in(place.layer()),
          rows.last(),
          rows.source(),
          new RowEdits.Part(place.position(), heads));
    }
  }

  // ---------------------------------------------------------------- what was found

  /// The blocks that have the site.
  public List<Integer> layers() {
    return options.site.layers(model);
  }

  /// The grid: layer by layer, within it head by head, within it position by position.
  ///
  /// @throws CausalException if no pair was added, or the metric was the same in both runs
  public List<Cell> cells() {
    baseline.requireDistance(options.metric);
    return effects.entrySet().stream()
        .map(entry -> new Cell(entry.getKey(), entry.getValue().score()))
        .toList();
  }

  /// One cell.
  ///
  /// @param place which
  public Estimate score(Place place) {
    return cells().stream()
        .filter(cell -> cell.place().equals(place))
        .findFirst()
        .orElseThrow(() -> CausalException.noSuchCell(place.toString()))
        .score();
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
