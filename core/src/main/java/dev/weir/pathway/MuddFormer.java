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

/// Multiway dynamic dense connections (Xiao et al. 2025, "MUDDFormer", arXiv:2502.12170, section
/// 2): after block `i`, four streams (queries, keys, values, residual) each mix all outputs so far,
/// `X^c_i = Σ_j A_i[c, j] X_j`, with weights that each token generates from its newest output, `A_i
/// = GELU(RMSNorm(X_i) W1_i) W2_i + a_i`. After the last block only the residual is left.
///
/// With `W2 = 0` and `a` one-hot on the newest, where training starts, it is the plain stream.
///
/// @param mixing whether tokens generate weights
/// @param norms whether outputs are normed before they are mixed and the mix after
/// @param epsilon of its norms
public record MuddFormer(Mixing mixing, Norms norms, double epsilon) implements PathwaySpec {

  /// Where the weights come from.
  public enum Mixing {
    /// From the token, and a learned prior.
    DYNAMIC,
    /// From the learned prior alone.
    STATIC
  }

  /// Which norms the mixes pass.
  public enum Norms {
    /// None.
    NONE,
    /// PrePostDANorm: each output is normed before it is mixed, the mix after, with a gain that
    /// starts at 0.001, and the newest output is added; the prior starts at zero.
    PRE_POST
  }

  private static final double POST_GAIN = 1e-3;
  private static final List<String> STREAMS = List.of("q", "k", "v", "r");

  @Override
  public List<String> problems(Depth depth) {
    return new Check()
        .positive("epsilon", epsilon)
        .sequential("MUDDFormer", depth)
        .that(
            depth.sites().stream().noneMatch(s -> s.sublayer() == Site.Sublayer.LOCAL),
            "a local mixer before attention would write to a stream that queries, keys and values"
                + " read apart; use canon or a branch instead of the mixer")
        .problems();
  }

  @Override
  public boolean readsApart() {
    return true;
  }

  /// How many streams are mixed after block `i`, counted from 1.
  private static int streams(int i, Depth depth) {
    return i == depth.nLayers() ? 1 : STREAMS.size();
  }

  /// The width of the layer that generates weights after block `i`: four times wider for the one
  /// mix after the last block.
  private static int hidden(int i) {
    return STREAMS.size() * (i + 1);
  }

  @Override
  public Map<String, Weight> weights(Depth depth) {
    Map<String, Weight> weights = new LinkedHashMap<>();
    for (int i = 1; i <= depth.nLayers(); i++) {
      Axis stream = new Axis("stream", streams(i, depth));
      Axis source = Sources.axis(i + 1);
      Axis hidden = new Axis("hidden", hidden(i));
      if (mixing == Mixing.DYNAMIC) {
        weights.put(
            name(i, "W1"),
            Weight.matrix(Shape.of(depth.width(), hidden), 1 / Math.sqrt(depth.dModel())));
        weights.put(
            name(i, "W2"),
            new Weight(
                Shape.of(hidden, stream, source), new Weight.Start.Constant(0), Weight.Decay.ON));
      }
      weights.put(name(i, "a"), Weight.numbers(Shape.of(stream, source), prior(i, depth)));
      if (norms == Norms.PRE_POST) {
        weights.put(name(i, "post"), Weight.constant(Shape.of(stream, depth.width()), POST_GAIN));
      }
    }
    return weights;
  }

  private List<Double> prior(int i, Depth depth) {
    List<Double> prior = new ArrayList<>();
    for (int stream = 0; stream < streams(i, depth); stream++) {
      for (int source = 0; source <= i; source++) {
        prior.add(norms == Norms.NONE && source == i ? 1.0 : 0.0);
      }
    }
    return prior;
  }

  private static String name(int i, String weight) {
    return "blocks.%d.path.%s".formatted(i - 1, weight);
  }

  @Override
  public List<HookPoint.Route> routes(Depth depth) {
    List<HookPoint.Route> routes = new ArrayList<>();
    for (Site site : depth.sites()) {
      if (depth.closesBlock(site)) {
        if (mixing == Mixing.DYNAMIC) {
          routes.add(new HookPoint.Route(site, HookPoint.Moment.WRITE, "weights"));
        }
        if (norms == Norms.PRE_POST) {
          routes.add(new HookPoint.Route(site, HookPoint.Moment.WRITE, "source_scale"));
          routes.add(new HookPoint.Route(site, HookPoint.Moment.WRITE, "post_scale"));
        }
      }
    }
    return routes;
  }

  @Override
  public PathwayCost cost(Depth depth) {
    double d = depth.dModel();
    boolean dynamic = mixing == Mixing.DYNAMIC;
    boolean normed = norms == Norms.PRE_POST;
    double flops = 0;
    double moved = 0;
    double kept = 0;
    for (int i = 1; i <= depth.nLayers(); i++) {
      double c = streams(i, depth);
      double s = i + 1;
      double mixes = c * (PathwayCost.mix(s, d) + (normed ? s : 0));
      flops += d + mixes;
      moved += (s - 1 + c + (dynamic || normed ? 2 : 0)) * d;
      kept += d + (c > 1 ? 2 * d : 0);
      if (dynamic) {
        double hidden = hidden(i);
        flops += 3 * d + 2 + 2 * d * hidden + hidden + 2 * hidden * c * s + c * s;
        kept += d + 2 * hidden + c * s;
      }
      if (normed) {
        flops += (s + c) * PathwayCost.inverseRms(d) + mixes + 3 * c * d;
        moved += (s - 1) * d;
        kept += 3 * c * d;
      }
    }
    double l = depth.nLayers();
    return new PathwayCost(
        PathwayCost.count(this, depth),
        flops,
        moved,
        kept,
        0,
        (l > 1 ? l + STREAMS.size() : l + 2) * d,
        Sources.payload(blocks -> blocks + 1 + streams(blocks, depth), depth));
  }

  @Override
  public ResidualPathway<?> over(Depth depth, Weights weights) {
    return new Multiway(this, depth, weights);
  }

  /// Where a block is.
  ///
  /// @param outputs the embedding and the outputs of all finished blocks
  /// @param views what queries, keys, values and the residual read from them, each `[batch, pos,
  ///   d_model]`; the residual also holds what an unfinished block has written
  private record State(Sources outputs, List<Tensor> views) {
    Tensor residual() {
      return views.getLast();
    }
  }

  /// The pathway with its numbers.
  private record Multiway(MuddFormer spec, Depth depth, Weights weights)
      implements ResidualPathway<State> {

    @Override
    public State open(Tensor embed, Past past) {
      return new State(Sources.of(embed), List.of(embed, embed, embed, embed));
    }

    @Override
    public Reading read(State stream, Site site, Routing routing, Past past) {
      List<Tensor> views = stream.views.stream().map(stream.outputs::seen).toList();
      return site.sublayer() == Site.Sublayer.ATTENTION
          ? new Reading.Separate(views.get(0), views.get(1), views.get(2))
          : new Reading.One(views.getLast());
    }

    @Override
    public Routing routeWrite(State stream, Site site, Routing reading, Passage passage) {
      if (!depth.closesBlock(site)) {
        return Routing.none();
      }
      Tensor newest = stream.residual().plus(passage.out());
      int i = site.layer() + 1;
      Routing routing = Routing.none();
      if (spec.mixing == Mixing.DYNAMIC) {
        routing = routing.and("weights", generated(newest, i));
      }
      return spec.norms == Norms.NONE ? routing : normed(routing, stream, newest, i);
    }

    /// `GELU(RMSNorm(X) W1) W2 + a`, `[batch, pos, stream, source]`.
    private Tensor generated(Tensor newest, int i) {
      Tensor unit = newest.times(Sources.inverseRms(newest, spec.epsilon).to(newest.dtype()));
      return unit.dot(weights.get(name(i, "W1")), "d_model")
          .gelu()
          .dot(weights.get(name(i, "W2")), "hidden")
          .plus(weights.get(name(i, "a")));
    }

    private Routing normed(Routing routing, State stream, Tensor newest, int i) {
      List<Tensor> scales = scales(stream, newest);
      Routing known = routing.and("source_scale", Sources.columns(scales));
      List<Tensor> sizes = new ArrayList<>();
      for (Tensor mix : mixes(stream.outputs.with(newest).vectors(), known, i)) {
        sizes.add(Sources.inverseRms(mix, spec.epsilon));
      }
      return known.and("post_scale", Tensor.stack("stream", sizes).to(newest.dtype()));
    }

    private List<Tensor> scales(State stream, Tensor newest) {
      List<Tensor> scales = new ArrayList<>();
      for (Tensor output : stream.outputs.with(newest).vectors()) {
        scales.add(Sources.inverseRms(output, spec.epsilon).to(newest.dtype()));
      }
      return scales;
    }

    private List<Tensor> mixes(List<Tensor> outputs, Routing routing, int i) {
      Tensor mixing =
          spec.mixing == Mixing.DYNAMIC ? routing.get("weights") : weights.get(name(i, "a"));
      Tensor scaled = spec.norms == Norms.NONE ? mixing : mixing.times(routing.get("source_scale"));
      return Sources.mixes(outputs, scaled.rename("stream", "out"));
    }

    @Override
    public State write(State stream, Site site, Routing routing, Tensor out) {
      Tensor newest = stream.residual().plus(out);
      if (!depth.closesBlock(site)) {
        List<Tensor> views = new ArrayList<>(stream.views);
        views.set(views.size() - 1, newest);
        return new State(stream.outputs, List.copyOf(views));
      }
      int i = site.layer() + 1;
      Sources outputs = stream.outputs.with(newest);
      List<Tensor> views = mixes(outputs.vectors(), routing, i);
      if (spec.norms == Norms.PRE_POST) {
        views = posted(views, routing, newest, i);
      }
      return new State(outputs, List.copyOf(views));
    }

    private List<Tensor> posted(List<Tensor> mixes, Routing routing, Tensor newest, int i) {
      List<Tensor> views = new ArrayList<>();
      for (int stream = 0; stream < mixes.size(); stream++) {
        views.add(
            mixes
                .get(stream)
                .times(routing.get("post_scale").at("stream", stream))
                .times(weights.get(name(i, "post")).at("stream", stream))
                .plus(newest));
      }
      return views;
    }

    @Override
    public State add(State stream, Tensor delta) {
      return new State(stream.outputs.plusOutside(delta), stream.views);
    }
  }
}
