package dev.weir.pathway;

import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Queries, keys and values each read the stack of everything written through a generalized
/// residual network of their own (Heddes et al. 2025, "DeepCrossAttention", arXiv:2502.06785): `(G
/// ⊙ (b + 1 ReLU(wᵀG))) 1`, where `G` holds the embedding and the outputs of all blocks before.
/// With `b = 1` and `w = 0`, where training starts, each read is the plain sum.
///
/// A block's residual is its query read, and its output, what enters the stack, is what its
/// attention and MLP wrote: the reading of the paper's figure 4 that a third party's code has too.
///
/// @param read which of the paper's reads
/// @param views whether queries, keys and values have reads of their own
/// @param newest how many outputs stay apart; of the others but the embedding the stack holds the
///   sum (the paper's k-DCA); 0 keeps all apart
public record DeepCrossAttention(Read read, Views views, int newest) implements PathwaySpec {

  /// Which generalized residual network reads the stack.
  public enum Read {
    /// GRN-v1: a number for each source.
    V1,
    /// GRN-v2: a number for each source and feature.
    V2,
    /// GRN-v3: as v2, and a number that depends on the source itself.
    V3
  }

  /// Who reads apart.
  public enum Views {
    /// Queries, keys and values.
    SEPARATE,
    /// Nobody: one read for all.
    ONE
  }

  @Override
  public List<String> problems(Depth depth) {
    return new Check()
        .atLeast(0, "newest", newest)
        .sequential("DeepCrossAttention", depth)
        .that(
            views == Views.ONE
                || depth.sites().stream().noneMatch(s -> s.sublayer() == Site.Sublayer.LOCAL),
            "a local mixer before attention would write to a stream that queries, keys and values"
                + " read apart; use views ONE, or canon or a branch instead of the mixer")
        .problems();
  }

  @Override
  public boolean readsApart() {
    return views == Views.SEPARATE;
  }

  /// What the reads of one site are called.
  private List<String> names(boolean end) {
    return end || views == Views.ONE ? List.of("r") : List.of("q", "k", "v");
  }

  /// How many vectors the stack holds before a block.
  private int height(int blocks) {
    return newest == 0 || blocks <= newest ? blocks + 1 : newest + 2;
  }

  @Override
  public Map<String, Weight> weights(Depth depth) {
    Map<String, Weight> weights = new LinkedHashMap<>();
    for (int n = 0; n <= depth.nLayers(); n++) {
      boolean end = n == depth.nLayers();
      // The end may look at a block half done, which is one source more.
      for (String name : names(end)) {
        String path = path(n, end) + name;
        Shape sources = Shape.of(Sources.axis(height(n)));
        weights.put(
            path + "_b",
            Weight.constant(
                read == Read.V1 ? sources : Shape.of(Sources.axis(height(n)), depth.width()), 1));
        if (read == Read.V3) {
          weights.put(path + "_w", Weight.constant(Shape.of(depth.width()), 0));
        }
      }
    }
    return weights;
  }

  private static String path(int block, boolean end) {
    return end ? "final_path." : "blocks.%d.path.".formatted(block);
  }

  @Override
  public List<HookPoint.Route> routes(Depth depth) {
    if (read != Read.V3) {
      return List.of();
    }
    Site end = Site.unembed();
    return Stream.concat(depth.sites().stream().filter(depth::opensBlock), Stream.of(end))
        .flatMap(site ->
            names(site.equals(end)).stream()
                .map(name -> new HookPoint.Route(site, HookPoint.Moment.READ, "weights_" + name)))
        .toList();
  }

  @Override
  public PathwayCost cost(Depth depth) {
    double d = depth.dModel();
    double flops = 0;
    double moved = 0;
    double fullest = height(depth.nLayers());
    int written = 0;
    for (Site site : depth.sites()) {
      double sources = height(site.layer());
      if (depth.opensBlock(site)) {
        written = 0;
        double reads = names(false).size();
        flops += reads * (routed(sources, d) + mixed(sources, d));
        moved += ((read == Read.V3 ? sources : 0) + sources + reads) * d;
      } else {
        flops += written * d;
        moved += (written + 2) * d;
        fullest = Math.max(fullest, sources + written + 1);
      }
      written++;
      boolean sums = depth.closesBlock(site) && written > 1;
      flops += (sums ? (written - 1) * d : 0) - d;
      moved += ((sums ? written + 1 : 0) - PathwayCost.PLAIN_MOVES) * d;
      if (depth.closesBlock(site) && merges(site.layer())) {
        flops += d;
        moved += 3 * d;
      }
    }
    double end = height(depth.nLayers());
    flops += routed(end, d) + mixed(end, d);
    moved += ((read == Read.V3 ? end : 0) + end + 1) * d;
    return new PathwayCost(
        PathwayCost.count(this, depth),
        flops,
        moved,
        kept(depth) * d,
        0,
        fullest * d,
        Sources.payload(this::height, depth));
  }

  /// The operations behind the weights that depend on the sources.
  private double routed(double sources, double d) {
    return read == Read.V3 ? sources * (2 * d + 1) : 0;
  }

  /// The operations of one read: learned weights, and once more those that depend on the sources.
  private double mixed(double sources, double d) {
    double fixed = PathwayCost.mix(sources, d);
    return read == Read.V3 ? 2 * fixed + d : fixed;
  }

  /// Whether the output that leaves the window joins a sum when this block is done.
  private boolean merges(int block) {
    return newest > 0 && block > newest;
  }

  /// The stack, every sum of the middle, and the inputs of keys and values.
  private double kept(Depth depth) {
    double l = depth.nLayers();
    double sums = newest == 0 ? 0 : Math.max(0, l - newest - 1);
    return l + 1 + sums + (names(false).size() - 1) * l;
  }

  @Override
  public ResidualPathway<?> over(Depth depth, Weights weights) {
    return new Crossed(this, depth, weights);
  }

  /// Where a block is.
  ///
  /// @param stack the embedding, the sum of the middle if there is one, the newest outputs
  /// @param blocks how many blocks are finished
  /// @param own what the sublayers of an unfinished block wrote, each `[batch, pos, d_model]`
  /// @param residual the query read that the unfinished block began from
  private record State(Sources stack, int blocks, List<Tensor> own, Optional<Tensor> residual) {

    /// The stack with what the unfinished block has written so far.
    Sources soFar() {
      return own.isEmpty() ? stack : stack.with(Sources.sum(own));
    }
  }

  /// The pathway with its numbers.
  private record Crossed(DeepCrossAttention spec, Depth depth, Weights weights)
      implements ResidualPathway<State> {

    @Override
    public State open(Tensor embed, Past past) {
      return new State(Sources.of(embed), 0, List.of(), Optional.empty());
    }

    private static boolean end(Site site) {
      return site.sublayer() == Site.Sublayer.UNEMBED;
    }

    private boolean reads(Site site) {
      return end(site) || depth.opensBlock(site);
    }

    @Override
    public Routing routeRead(State stream, Site site) {
      if (spec.read != Read.V3 || !reads(site)) {
        return Routing.none();
      }
      List<String> names = spec.names(end(site));
      Tensor all = inputWeights(stream, site, names);
      Routing routing = Routing.none();
      for (int view = 0; view < names.size(); view++) {
        routing = routing.and("weights_" + names.get(view), all.at("out", view));
      }
      return routing;
    }

    /// `ReLU(wᵀG)` for each read, `[batch, pos, out, source]`. At `w = 0`, where training starts,
    /// every product stands right at the kink: if the gradient were 0 there, as that of the
    /// engine's ReLU is, `w` would never move.
    private Tensor inputWeights(State stream, Site site, List<String> names) {
      String path = path(depth.block(site), end(site));
      Tensor w =
          Tensor.stack("out", names.stream().map(name -> weights.get(path + name + "_w")).toList());
      List<Tensor> products =
          stream.soFar().vectors().stream().map(g -> g.dot(w, "d_model")).toList();
      return Sources.columns(products).notBelow(0);
    }

    @Override
    public Reading read(State stream, Site site, Routing routing, Past past) {
      if (!reads(site)) {
        return new Reading.One(stream.stack.seen(middle(stream)));
      }
      List<String> names = spec.names(end(site));
      List<Tensor> views =
          mixes(stream.soFar(), site, names, routing).stream().map(stream.stack::seen).toList();
      return names.size() == 1
          ? new Reading.One(views.getFirst())
          : new Reading.Separate(views.get(0), views.get(1), views.get(2));
    }

    private static Tensor middle(State stream) {
      List<Tensor> parts = new ArrayList<>(stream.own);
      parts.addFirst(stream.residual.orElseThrow());
      return Sources.sum(parts);
    }

    /// What each read makes of the stack: learned weights, and those that depend on the sources.
    private List<Tensor> mixes(Sources stack, Site site, List<String> names, Routing routing) {
      String path = path(depth.block(site), end(site));
      List<Tensor> fixed = new ArrayList<>();
      for (String name : names) {
        Tensor b = weights.get(path + name + "_b");
        fixed.add(Sources.mix(stack.vectors(), matching(b, stack.size())));
      }
      if (routing.isEmpty()) {
        return fixed;
      }
      List<Tensor> own = names.stream().map(name -> routing.get("weights_" + name)).toList();
      List<Tensor> routed = Sources.mixes(stack.vectors(), Tensor.stack("out", own));
      List<Tensor> sums = new ArrayList<>();
      for (int view = 0; view < names.size(); view++) {
        sums.add(fixed.get(view).plus(routed.get(view)));
      }
      return sums;
    }

    /// The numbers of as many sources as there are: the end may read before all are there, or while
    /// a block is half done.
    private static Tensor matching(Tensor b, int sources) {
      long known = b.size("source");
      if (sources <= known) {
        return b.slice("source", 0, sources);
      }
      return Tensor.concat("source", List.of(b, b.slice("source", known - 1, sources - known)));
    }

    @Override
    public Routing routeWrite(State stream, Site site, Routing reading, Passage passage) {
      return reading;
    }

    @Override
    public State write(State stream, Site site, Routing routing, Tensor out) {
      if (stream.residual.isPresent() || depth.closesBlock(site)) {
        return written(stream, site, stream.residual, out);
      }
      List<String> first = spec.names(end(site)).subList(0, 1);
      Tensor residual = mixes(stream.stack, site, first, routing).getFirst();
      return written(stream, site, Optional.of(residual), out);
    }

    /// What the queries read is the residual that the block begins from.
    @Override
    public State pass(State stream, Site site, Routing reading, Passage passage) {
      boolean known = stream.residual.isPresent() || stream.stack.outside().isPresent();
      return known
          ? write(stream, site, reading, passage.out())
          : written(stream, site, Optional.of(passage.read().single()), passage.out());
    }

    private State written(State stream, Site site, Optional<Tensor> residual, Tensor out) {
      List<Tensor> own = new ArrayList<>(stream.own);
      own.add(out);
      if (depth.closesBlock(site)) {
        return new State(
            stacked(stream.stack, stream.blocks, Sources.sum(own)),
            stream.blocks + 1,
            List.of(),
            Optional.empty());
      }
      return new State(stream.stack, stream.blocks, List.copyOf(own), residual);
    }

    /// k-DCA: the output that leaves the window joins the sum of the middle.
    private Sources stacked(Sources stack, int blocks, Tensor output) {
      Sources grown = stack.with(output);
      if (spec.newest == 0 || blocks < spec.newest) {
        return grown;
      }
      List<Tensor> vectors = new ArrayList<>(grown.vectors());
      if (blocks > spec.newest) {
        Tensor leaving = vectors.remove(2);
        vectors.set(1, vectors.get(1).plus(leaving));
      }
      return new Sources(vectors, stack.outside());
    }

    @Override
    public State add(State stream, Tensor delta) {
      return new State(stream.stack.plusOutside(delta), stream.blocks, stream.own, stream.residual);
    }
  }
}
