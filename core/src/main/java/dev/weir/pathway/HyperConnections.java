package dev.weir.pathway;

import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// Several copies of the stream, which every sublayer reads as one mix, writes to each with a
/// weight of its own, and mixes among themselves (Zhu et al. 2024, "Hyper-Connections",
/// arXiv:2409.19606, section 2): `h = A_mᵀ H`, `H' = A_rᵀ H + Bᵀ F(N(h))`; the end reads their sum.
///
/// With `A_m` one-hot, `B = 1` and `A_r` the identity, where training starts, each lane is the
/// plain stream.
///
/// @param lanes how many copies
/// @param connections whether a token changes the weights
/// @param epsilon of the norm that dynamic weights are generated through
public record HyperConnections(int lanes, Connections connections, double epsilon)
    implements PathwaySpec {

  /// Where the weights come from.
  public enum Connections {
    /// Learned numbers.
    STATIC,
    /// Learned numbers and `s · tanh(LN(H) W)` of the token.
    DYNAMIC
  }

  private static final double START_SCALE = 0.01;

  @Override
  public List<String> problems(Depth depth) {
    return new Check()
        .atLeast(1, "lanes", lanes)
        .positive("epsilon", epsilon)
        .sequential("Hyper-Connections", depth)
        .problems();
  }

  private Axis lane() {
    return new Axis("lane", lanes);
  }

  @Override
  public Map<String, Weight> weights(Depth depth) {
    Shape perLane = Shape.of(lane());
    Map<String, Weight> weights = new LinkedHashMap<>();
    for (Site site : depth.sites()) {
      String path = site.path() + "_path.";
      weights.put(path + "A_m", Weight.oneHot(perLane, depth.before(site) % lanes));
      weights.put(
          path + "A_r",
          Weight.numbers(Shape.of(lane(), new Axis("to", lanes)), Lanes.identity(lanes)));
      weights.put(path + "B", Weight.constant(perLane, 1));
      if (connections == Connections.DYNAMIC) {
        weights.put(path + "W_m", zeros(Shape.of(depth.width())));
        weights.put(path + "W_r", zeros(Shape.of(depth.width(), new Axis("to", lanes))));
        weights.put(path + "W_b", zeros(Shape.of(depth.width())));
        weights.put(path + "s_alpha", Weight.constant(Shape.of(), START_SCALE));
        weights.put(path + "s_beta", Weight.constant(Shape.of(), START_SCALE));
      }
    }
    return weights;
  }

  private static Weight zeros(Shape shape) {
    return new Weight(shape, new Weight.Start.Constant(0), Weight.Decay.ON);
  }

  @Override
  public List<HookPoint.Route> routes(Depth depth) {
    if (connections == Connections.STATIC) {
      return List.of();
    }
    return depth.sites().stream()
        .flatMap(site ->
            java.util.stream.Stream.of("A_m", "A_r", "B")
                .map(name ->
                    new HookPoint.Route(
                        site, HookPoint.Moment.READ, name.toLowerCase(java.util.Locale.ROOT))))
        .toList();
  }

  @Override
  public double startFactor(String weight, Depth depth) {
    return weight.endsWith(".W_O") || weight.endsWith(".W_out") ? Math.sqrt(lanes) : 1;
  }

  @Override
  public StreamState state() {
    return StreamState.LANES;
  }

  @Override
  public PathwayCost cost(Depth depth) {
    double d = depth.dModel();
    double n = lanes;
    double sites = depth.sites().size();
    boolean dynamic = connections == Connections.DYNAMIC;
    double unit = 3 * d + PathwayCost.inverseRms(d);
    double generated = dynamic ? n * (unit + 2 * d * (n + 2)) + 3 * n * (n + 2) : 0;
    double carried = Lanes.flops(n, d) - d;
    double moved = (dynamic ? n : 0) + Lanes.moved(n) - PathwayCost.PLAIN_MOVES;
    return new PathwayCost(
        PathwayCost.count(this, depth),
        (generated + carried) * sites + (n - 1) * d,
        moved * d * sites + (n + 1) * d,
        (n + 1 + (dynamic ? 2 * n : 0)) * d * sites,
        0,
        n * d,
        PathwayCost.lanes(n, depth));
  }

  @Override
  public ResidualPathway<?> over(Depth depth, Weights weights) {
    return new Connected(this, depth, weights);
  }

  /// The pathway with its numbers.
  private record Connected(HyperConnections spec, Depth depth, Weights weights)
      implements ResidualPathway<Lanes> {

    @Override
    public Lanes open(Tensor embed, Past past) {
      return new Lanes(Collections.nCopies(spec.lanes, embed), Optional.empty());
    }

    private Tensor weight(Site site, String name) {
      return weights.get(site.path() + "_path." + name);
    }

    @Override
    public Routing routeRead(Lanes stream, Site site) {
      if (spec.connections == Connections.STATIC || site.sublayer() == Site.Sublayer.UNEMBED) {
        return Routing.none();
      }
      List<Tensor> mixes = new ArrayList<>();
      List<Tensor> rows = new ArrayList<>();
      List<Tensor> outs = new ArrayList<>();
      for (Tensor lane : stream.lanes()) {
        Tensor unit = Lanes.unit(lane, spec.epsilon);
        mixes.add(unit.dot(weight(site, "W_m"), "d_model"));
        rows.add(unit.dot(weight(site, "W_r"), "d_model"));
        outs.add(unit.dot(weight(site, "W_b"), "d_model"));
      }
      return Routing.of("a_m", moved(site, mixes, "s_alpha", "A_m"))
          .and("a_r", moved(site, rows, "s_alpha", "A_r"))
          .and("b", moved(site, outs, "s_beta", "B"));
    }

    /// `A + s · tanh(LN(H) W)`, `[lane, batch, pos]` or `[lane, batch, pos, to]`.
    private Tensor moved(Site site, List<Tensor> generated, String scale, String name) {
      return Tensor.stack("lane", generated)
          .tanh()
          .times(weight(site, scale))
          .plus(weight(site, name));
    }

    private Tensor of(Routing routing, Site site, String name) {
      return routing.isEmpty()
          ? weight(site, name)
          : routing.get(name.toLowerCase(java.util.Locale.ROOT));
    }

    @Override
    public Reading read(Lanes stream, Site site, Routing routing, Past past) {
      return new Reading.One(
          stream.seen(
              site.sublayer() == Site.Sublayer.UNEMBED
                  ? Sources.sum(stream.lanes())
                  : stream.mixed(of(routing, site, "A_m"))));
    }

    @Override
    public Routing routeWrite(Lanes stream, Site site, Routing reading, Passage passage) {
      return reading;
    }

    @Override
    public Lanes write(Lanes stream, Site site, Routing routing, Tensor out) {
      return stream.written(of(routing, site, "A_r"), of(routing, site, "B"), out);
    }

    @Override
    public Lanes map(Lanes stream, UnaryOperator<Tensor> change) {
      return stream.map(change);
    }

    @Override
    public Lanes add(Lanes stream, Tensor delta) {
      return stream.plusOutside(delta);
    }
  }
}
