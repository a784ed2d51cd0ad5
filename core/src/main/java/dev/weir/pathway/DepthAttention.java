package dev.weir.pathway;

import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/// Attention along depth: each block reads `z = Σ_j a_j W_V h_j` with `a = softmax((W_Q h) · (W_K
/// h_j) / √d_k)` over the states of its own token in the blocks before ("Residual Stream Duality in
/// Modern Transformer Architectures", arXiv:2603.16039, section 2.2). The paper fixes that much;
/// how `z` enters the block, heads, norms, sharing and starts it leaves open, and they are settings
/// here.
///
/// @param window `K`: how many sources a block reads, the newest included; 0 for all
/// @param injection how `z` enters a block
/// @param sources what is attended to
/// @param blockSize how many blocks a summary covers, where sources are summaries
/// @param sharing whether all blocks read with the same matrices
/// @param heads how many reads are made side by side
/// @param dKey size of a query and a key, per head
/// @param keyNorm whether queries and keys are brought to unit size
/// @param ageBias whether scores have a learned bias for each age of a source, which starts in
///   favour of the newest
/// @param epsilon of that norm
public record DepthAttention(
    int window,
    Injection injection,
    SourceKind sources,
    int blockSize,
    Sharing sharing,
    int heads,
    int dKey,
    KeyNorm keyNorm,
    AgeBias ageBias,
    double epsilon)
    implements PathwaySpec {

  /// How what was read enters a block.
  public enum Injection {
    /// `u = h + W_O z`, and the block as usual: the mirror image of a short-window sublayer.
    BRANCH,
    /// The block reads `z` in place of `h`, skip included; so does the end.
    REPLACE,
    /// Queries, keys, values and the skip each read a `z` of their own; the end reads the skip's.
    STREAM
  }

  /// What is attended to.
  public enum SourceKind {
    /// The stream after each block.
    STATES,
    /// What the sublayers of each block wrote, and the embedding; what a branch added is not among
    /// it.
    INCREMENTS,
    /// The sums of what several blocks wrote, and the embedding.
    SUMMARIES
  }

  /// Whether all blocks read with the same matrices.
  public enum Sharing {
    /// They do.
    SHARED,
    /// Each has its own.
    PER_LAYER
  }

  /// Whether queries and keys are normed.
  public enum KeyNorm {
    /// They are as they are, as the paper writes.
    NONE,
    /// To unit root mean square.
    RMS
  }

  /// Whether scores know how old a source is.
  public enum AgeBias {
    /// They do not, as the paper writes.
    NONE,
    /// A learned number for each block and age.
    LEARNED
  }

  /// How much the newest source is favoured before training: a weight of 0.98 against one other.
  private static final double NEWEST_BIAS = 4;

  /// The read as the paper writes it.
  ///
  /// @param window `K`; 0 for all
  /// @param injection how `z` enters a block
  /// @param dKey size of a query
  public static DepthAttention plain(int window, Injection injection, int dKey) {
    return new DepthAttention(
        window,
        injection,
        SourceKind.STATES,
        1,
        Sharing.SHARED,
        1,
        dKey,
        KeyNorm.NONE,
        AgeBias.NONE,
        1e-6);
  }

  @Override
  public List<String> problems(Depth depth) {
    return new Check()
        .atLeast(0, "window", window)
        .atLeast(1, "block_size", blockSize)
        .atLeast(1, "heads", heads)
        .atLeast(1, "d_key", dKey)
        .positive("epsilon", epsilon)
        .sequential("depth-wise attention", depth)
        .that(
            depth.dModel() % Math.max(1, heads) == 0,
            "d_model (%d) is not a multiple of heads (%d)".formatted(depth.dModel(), heads))
        .that(
            injection != Injection.STREAM
                || depth.sites().stream().noneMatch(s -> s.sublayer() == Site.Sublayer.LOCAL),
            "a local mixer before attention would write to a stream that queries, keys and values"
                + " read apart; use canon or a branch instead of the mixer")
        .problems();
  }

  @Override
  public boolean readsApart() {
    return injection == Injection.STREAM;
  }

  /// What a reader's reads are called: the end, where four read, has the skip's alone.
  private List<String> views(int reader, Depth depth) {
    if (injection != Injection.STREAM) {
      return List.of("");
    }
    return reader == depth.nLayers() ? List.of("r_") : List.of("q_", "k_", "v_", "r_");
  }

  /// The blocks that read, by number; the end counts as one more where it reads.
  private int readers(Depth depth) {
    return injection == Injection.BRANCH ? depth.nLayers() : depth.nLayers() + 1;
  }

  private String path(int reader, Depth depth) {
    return sharing == Sharing.SHARED ? "path." : own(reader, depth);
  }

  private static String own(int reader, Depth depth) {
    return reader == depth.nLayers() ? "final_path." : "blocks.%d.path.".formatted(reader);
  }

  @Override
  public Map<String, Weight> weights(Depth depth) {
    Map<String, Weight> weights = new LinkedHashMap<>();
    for (int reader = 0; reader < readers(depth); reader++) {
      for (String view : views(reader, depth)) {
        matrices(weights, path(reader, depth) + view, depth);
        if (ageBias == AgeBias.LEARNED) {
          weights.put(own(reader, depth) + view + "age", ages(sourcesAt(reader)));
        }
      }
    }
    return weights;
  }

  private void matrices(Map<String, Weight> weights, String path, Depth depth) {
    Axis head = new Axis("depth_head", heads);
    Axis dValue = new Axis("d_value", depth.dModel() / heads);
    Shape keys = Shape.of(head, new Axis("d_key", dKey), depth.width());
    double deviation = 1 / Math.sqrt(depth.dModel());
    weights.put(path + "W_Q", Weight.matrix(keys, deviation));
    weights.put(path + "W_K", Weight.matrix(keys, deviation));
    Shape values = Shape.of(head, dValue, depth.width());
    if (injection == Injection.BRANCH) {
      weights.put(path + "W_V", Weight.matrix(values, deviation));
      weights.put(path + "W_O", new Weight(values, new Weight.Start.Constant(0), Weight.Decay.ON));
    } else {
      // The heads' values side by side are the source itself.
      weights.put(path + "W_V", new Weight(values, new Weight.Start.Identity(), Weight.Decay.OFF));
    }
  }

  private static Weight ages(int sources) {
    return Weight.numbers(
        Shape.of(Sources.axis(sources)),
        IntStream.range(0, sources).mapToObj(s -> s == sources - 1 ? NEWEST_BIAS : 0.0).toList());
  }

  /// How many sources a reader has, the window applied.
  private int sourcesAt(int reader) {
    return window == 0 ? all(reader) : Math.min(window, all(reader));
  }

  /// How many sources there are for a reader.
  private int all(int reader) {
    return sources == SourceKind.SUMMARIES ? 1 + (reader + blockSize - 1) / blockSize : reader + 1;
  }

  /// How many sources the last reader would have without a window.
  ///
  /// @param depth of the model
  public int mostSources(Depth depth) {
    return all(readers(depth) - 1);
  }

  /// Whether there are sources that the window keeps from a reader.
  ///
  /// @param depth of the model
  public boolean leavesOut(Depth depth) {
    return window > 0 && window < mostSources(depth);
  }

  @Override
  public List<HookPoint.Route> routes(Depth depth) {
    List<HookPoint.Route> routes = new ArrayList<>();
    for (Site site : depth.sites()) {
      boolean last = site.layer() == depth.nLayers() - 1;
      if (depth.closesBlock(site) && !(last && injection == Injection.BRANCH)) {
        for (String view : views(site.layer() + 1, depth)) {
          routes.add(new HookPoint.Route(site, HookPoint.Moment.WRITE, view + "weights"));
        }
      }
    }
    return routes;
  }

  @Override
  public PathwayCost cost(Depth depth) {
    double d = depth.dModel();
    double first = views(0, depth).size();
    // The first block's only source needs no weights.
    double flops = first * (mapped(1, depth) - d);
    double moved = (1 + first) * d;
    double kept = 0;
    for (int reader = 1; reader < readers(depth); reader++) {
      double k = sourcesAt(reader);
      double views = views(reader, depth).size();
      flops += views * (scored(k, depth) + mapped(k, depth)) + d + 2 * grown(reader, depth);
      moved += (k + 1 + k + views + (sources == SourceKind.STATES ? 0 : 2)) * d;
      kept += views * ((injection == Injection.BRANCH ? 2 : 1) * d + heads * dKey * (k + 1)) + d;
    }
    if (injection == Injection.BRANCH) {
      flops += grown(depth.nLayers(), depth);
    }
    for (Site site : depth.sites()) {
      // What the block wrote is summed apart from the third write on.
      boolean later = !depth.opensBlock(site) && !depth.closesBlock(site);
      flops += later ? d : 0;
    }
    return new PathwayCost(
        PathwayCost.count(this, depth),
        flops,
        moved,
        kept,
        0,
        fullest(depth) * d,
        Sources.payload(blocks -> sourcesAt(blocks) + viewsAt(blocks, depth), depth));
  }

  private double viewsAt(int reader, Depth depth) {
    return reader < readers(depth) ? views(reader, depth).size() : 1;
  }

  private double fullest(Depth depth) {
    double fullest = 1;
    for (Site site : depth.sites()) {
      int reader = site.layer();
      boolean inside = !depth.closesBlock(site);
      double here = sourcesAt(reader) + viewsAt(reader, depth) + (inside ? 1 : 0);
      double after = sourcesAt(reader + 1) + viewsAt(reader + 1, depth);
      fullest = Math.max(fullest, inside ? here : after);
    }
    return fullest;
  }

  /// The operations that add what a block wrote to what can be attended to.
  private double grown(int reader, Depth depth) {
    double d = depth.dModel();
    long writes = depth.sites().stream().filter(site -> site.layer() == reader - 1).count();
    double increment = writes > 1 ? d : 0;
    return switch (sources) {
      case STATES -> increment + d;
      case INCREMENTS -> increment;
      case SUMMARIES -> increment + (reader % blockSize == 1 % blockSize ? 0 : d);
    };
  }

  /// The operations behind one reader's weights over `k` sources.
  private double scored(double k, Depth depth) {
    double keys = (double) heads * dKey;
    double projected =
        2 * keys * depth.dModel() + (keyNorm == KeyNorm.RMS ? 3 * keys + 2 * heads : 0);
    double biased = ageBias == AgeBias.LEARNED ? heads * k : 0;
    return (k + 1) * projected + 2 * keys * k + biased + 5 * heads * k;
  }

  /// The operations of one read, weights given: mixed before `W_V` where there is one head.
  private double mapped(double k, Depth depth) {
    double d = depth.dModel();
    double values = 2 * d * d * (heads == 1 ? 1 : k);
    return values + PathwayCost.mix(k, d) + (injection == Injection.BRANCH ? 2 * d * d + d : 0);
  }

  @Override
  public ResidualPathway<?> over(Depth depth, Weights weights) {
    return new Attended(this, depth, weights);
  }

  /// Where a block is.
  ///
  /// @param sources what later blocks may attend to, oldest first, each `[batch, pos, d_model]`
  /// @param views what the block reads: one, or queries', keys', values' and the skip's
  /// @param written what the block under way has written, `[batch, pos, d_model]`
  private record State(List<Tensor> sources, List<Tensor> views, Optional<Tensor> written) {
    Tensor skip() {
      return views.getLast();
    }
  }

  /// The pathway with its numbers.
  private record Attended(DepthAttention spec, Depth depth, Weights weights)
      implements ResidualPathway<State> {

    @Override
    public State open(Tensor embed, Past past) {
      return entered(List.of(embed), embed, 0, Routing.none());
    }

    @Override
    public Reading read(State stream, Site site, Routing routing, Past past) {
      List<Tensor> views = stream.views;
      return site.sublayer() == Site.Sublayer.ATTENTION && spec.readsApart()
          ? new Reading.Separate(views.get(0), views.get(1), views.get(2))
          : new Reading.One(stream.skip());
    }

    @Override
    public Routing routeWrite(State stream, Site site, Routing reading, Passage passage) {
      int reader = site.layer() + 1;
      if (!depth.closesBlock(site) || reader >= spec.readers(depth)) {
        return Routing.none();
      }
      Tensor out = passage.out();
      List<Tensor> seen = window(grown(stream, out, reader));
      Tensor newest = stream.skip().plus(out);
      Routing routing = Routing.none();
      for (String view : spec.views(reader, depth)) {
        routing = routing.and(view + "weights", softmax(newest, seen, reader, view));
      }
      return routing;
    }

    private List<Tensor> window(List<Tensor> sources) {
      int seen = spec.window == 0 ? sources.size() : Math.min(spec.window, sources.size());
      return sources.subList(sources.size() - seen, sources.size());
    }

    /// `[batch, pos, depth_head, source]`.
    private Tensor softmax(Tensor newest, List<Tensor> seen, int reader, String view) {
      String path = spec.path(reader, depth) + view;
      Tensor query = normed(newest.dot(weights.get(path + "W_Q"), "d_model"));
      List<Tensor> scores = new ArrayList<>();
      for (Tensor source : seen) {
        Tensor key = normed(source.dot(weights.get(path + "W_K"), "d_model"));
        scores.add(query.times(key).sum("d_key").times(1 / Math.sqrt((double) spec.dKey)));
      }
      Tensor all = Sources.columns(scores);
      if (spec.ageBias == AgeBias.LEARNED) {
        all = all.plus(Sources.wide(weights.get(own(reader, depth) + view + "age")));
      }
      return all.softmax("source").to(newest.dtype());
    }

    private Tensor normed(Tensor x) {
      Tensor wide = Sources.wide(x);
      return spec.keyNorm == KeyNorm.NONE
          ? wide
          : wide.times(wide.square().mean("d_key").plus(spec.epsilon).reciprocalSqrt());
    }

    @Override
    public State write(State stream, Site site, Routing routing, Tensor out) {
      if (!depth.closesBlock(site)) {
        List<Tensor> views = new ArrayList<>(stream.views);
        views.set(views.size() - 1, stream.skip().plus(out));
        Tensor written = stream.written.map(before -> before.plus(out)).orElse(out);
        return new State(stream.sources, List.copyOf(views), Optional.of(written));
      }
      int reader = site.layer() + 1;
      // What has left the window is never read again.
      return entered(window(grown(stream, out, reader)), stream.skip().plus(out), reader, routing);
    }

    /// What can be attended to once a block is done.
    private List<Tensor> grown(State stream, Tensor out, int reader) {
      List<Tensor> sources = new ArrayList<>(stream.sources);
      Tensor increment = stream.written.map(before -> before.plus(out)).orElse(out);
      switch (spec.sources) {
        case STATES -> sources.add(stream.skip().plus(out));
        case INCREMENTS -> sources.add(increment);
        case SUMMARIES -> {
          if (reader % spec.blockSize == 1 % spec.blockSize) {
            sources.add(increment);
          } else {
            sources.add(sources.removeLast().plus(increment));
          }
        }
      }
      return sources;
    }

    /// The state in which a block begins.
    ///
    /// @param sources what it may attend to
    /// @param resid the stream after the block before, `[batch, pos, d_model]`
    private State entered(List<Tensor> sources, Tensor resid, int reader, Routing routing) {
      if (reader >= spec.readers(depth)) {
        return new State(sources, List.of(resid), Optional.empty());
      }
      List<Tensor> seen = window(sources);
      List<Tensor> views = new ArrayList<>();
      for (String view : spec.views(reader, depth)) {
        Optional<Tensor> mixing =
            routing.isEmpty() ? Optional.empty() : Optional.of(routing.get(view + "weights"));
        Tensor z = read(seen, mixing, spec.path(reader, depth) + view);
        views.add(spec.injection == Injection.BRANCH ? resid.plus(z) : z);
      }
      return new State(sources, List.copyOf(views), Optional.empty());
    }

    /// `Σ_j a_j W_V h_j`, through `W_O` on a branch; a single source needs no weights.
    private Tensor read(List<Tensor> seen, Optional<Tensor> mixing, String path) {
      Tensor wV = weights.get(path + "W_V");
      Tensor values;
      if (mixing.isEmpty()) {
        values = seen.getLast().dot(wV, "d_model");
      } else if (spec.heads == 1) {
        // Mixing first costs one product instead of one for each source.
        Tensor only = mixing.get().at("depth_head", 0);
        values = Sources.mix(seen, only).dot(wV, "d_model");
      } else {
        values = Sources.mix(seen.stream().map(s -> s.dot(wV, "d_model")).toList(), mixing.get());
      }
      return spec.injection == Injection.BRANCH
          ? values.dot(weights.get(path + "W_O"), "depth_head", "d_value")
          : flat(values);
    }

    /// The heads side by side, `[.., d_model]`.
    private static Tensor flat(Tensor values) {
      return values.merge("d_model", "depth_head", "d_value");
    }

    @Override
    public State map(State stream, UnaryOperator<Tensor> change) {
      return new State(
          stream.sources.stream().map(change).toList(),
          stream.views.stream().map(change).toList(),
          stream.written.map(change));
    }

    @Override
    public State add(State stream, Tensor delta) {
      List<Tensor> views = stream.views.stream().map(view -> view.plus(delta)).toList();
      return new State(stream.sources, views, stream.written);
    }
  }
}
