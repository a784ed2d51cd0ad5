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
import java.util.stream.Stream;

/// Hyper-connections whose lanes are mixed by doubly stochastic matrices (DeepSeek-AI 2025, "mHC:
/// Manifold-Constrained Hyper-Connections", arXiv:2512.24880): with `x̃ = RMSNorm(vec(X))`, the
/// read weights are `σ(a x̃ φ + b)`, the write weights `2σ(a x̃ φ + b)`, and the mixing matrix is
/// what Sinkhorn-Knopp makes of `exp(a x̃ φ + b)`, so that no mixing enlarges the lanes.
///
/// The paper gives no start for `φ` and `b` and no rule for the end; here `φ` starts small, `b` at
/// zero, and the end reads the sum or the mean.
///
/// @param lanes how many copies
/// @param iterations how often rows and columns are normalised
/// @param readout what the end reads
/// @param phiDeviation the standard deviation `φ` starts from
/// @param epsilon of the norm
public record ManifoldHyperConnections(
    int lanes, int iterations, Readout readout, double phiDeviation, double epsilon)
    implements PathwaySpec {

  /// What the end reads.
  public enum Readout {
    /// The sum of the lanes.
    SUM,
    /// Their mean.
    MEAN
  }

  private static final double START_FACTOR = 0.01;

  @Override
  public List<String> problems(Depth depth) {
    return new Check()
        .atLeast(1, "lanes", lanes)
        .atLeast(1, "iterations", iterations)
        .that(
            phiDeviation >= 0,
            "phi_deviation is %s, but must not be negative".formatted(phiDeviation))
        .positive("epsilon", epsilon)
        .sequential("mHC", depth)
        .problems();
  }

  @Override
  public Map<String, Weight> weights(Depth depth) {
    Axis from = new Axis("from", lanes);
    Axis lane = new Axis("lane", lanes);
    Axis to = new Axis("to", lanes);
    Map<String, Weight> weights = new LinkedHashMap<>();
    for (Site site : depth.sites()) {
      String path = site.path() + "_path.";
      put(weights, path + "pre", List.of(from, depth.width()), List.of(lane));
      put(weights, path + "post", List.of(from, depth.width()), List.of(lane));
      put(weights, path + "res", List.of(from, depth.width()), List.of(lane, to));
    }
    return weights;
  }

  private void put(Map<String, Weight> weights, String name, List<Axis> in, List<Axis> out) {
    List<Axis> both = new ArrayList<>(in);
    both.addAll(out);
    weights.put(name + "_phi", Weight.matrix(new Shape(both), phiDeviation));
    weights.put(name + "_b", Weight.constant(new Shape(out), 0));
    weights.put(name + "_a", Weight.constant(Shape.of(), START_FACTOR));
  }

  @Override
  public List<HookPoint.Route> routes(Depth depth) {
    return depth.sites().stream()
        .flatMap(site ->
            Stream.of("pre", "post", "res")
                .map(name -> new HookPoint.Route(site, HookPoint.Moment.READ, name)))
        .toList();
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
    double outputs = n * n + 2 * n;
    double generated = 3 * n * d + 2 + 2 * n * d * outputs + 2 * outputs + 3 * n;
    double sinkhorn = iterations * 2 * 5 * n * n + n * n;
    double carried = Lanes.flops(n, d) - d;
    double moved = n + Lanes.moved(n) - PathwayCost.PLAIN_MOVES;
    return new PathwayCost(
        PathwayCost.count(this, depth),
        (generated + sinkhorn + carried) * sites + (n - 1) * d + (readout == Readout.MEAN ? d : 0),
        moved * d * sites + (n + 1) * d,
        ((3 * n + 1) * d + 2 * iterations * n * n) * sites,
        0,
        n * d,
        PathwayCost.lanes(n, depth));
  }

  @Override
  public ResidualPathway<?> over(Depth depth, Weights weights) {
    return new Connected(this, weights);
  }

  /// A matrix of positive numbers with rows and columns that sum to 1 (Sinkhorn & Knopp 1967), by
  /// normalising them in turn; in float32 at least.
  ///
  /// @param logits the logarithm of the matrix to start from, `[.., lane, to]`
  /// @param iterations how often
  public static Tensor sinkhorn(Tensor logits, int iterations) {
    // In logarithms, so that no number overflows.
    Tensor log = Sources.wide(logits);
    for (int i = 0; i < iterations; i++) {
      log = log.minus(log.logSumExp("to"));
      log = log.minus(log.logSumExp("lane"));
    }
    return log.exp();
  }

  /// The pathway with its numbers.
  private record Connected(ManifoldHyperConnections spec, Weights weights)
      implements ResidualPathway<Lanes> {

    @Override
    public Lanes open(Tensor embed, Past past) {
      return new Lanes(Collections.nCopies(spec.lanes, embed), Optional.empty());
    }

    @Override
    public Routing routeRead(Lanes stream, Site site) {
      if (site.sublayer() == Site.Sublayer.UNEMBED) {
        return Routing.none();
      }
      Tensor all = Tensor.stack("from", stream.lanes());
      Tensor meanSquare = Sources.wide(all).square().mean("from", "d_model");
      Tensor unit = all.times(meanSquare.plus(spec.epsilon).reciprocalSqrt().to(all.dtype()));
      return Routing.of("pre", generated(unit, site, "pre").sigmoid().to(all.dtype()))
          .and("post", generated(unit, site, "post").sigmoid().times(2).to(all.dtype()))
          .and("res", sinkhorn(generated(unit, site, "res"), spec.iterations).to(all.dtype()));
    }

    /// `a x̃ φ + b`, in float32 at least.
    private Tensor generated(Tensor unit, Site site, String name) {
      String path = site.path() + "_path." + name;
      Tensor product = unit.dot(weights.get(path + "_phi"), "from", "d_model");
      return Sources.wide(product.times(weights.get(path + "_a")).plus(weights.get(path + "_b")));
    }

    @Override
    public Reading read(Lanes stream, Site site, Routing routing, Past past) {
      return new Reading.One(
          stream.seen(
              site.sublayer() == Site.Sublayer.UNEMBED
                  ? end(stream)
                  : stream.mixed(routing.get("pre"))));
    }

    private Tensor end(Lanes stream) {
      Tensor sum = Sources.sum(stream.lanes());
      return spec.readout == Readout.SUM ? sum : sum.times(1.0 / spec.lanes);
    }

    @Override
    public Routing routeWrite(Lanes stream, Site site, Routing reading, Passage passage) {
      return reading;
    }

    /// `X' = res X + postᵀ F`: the matrix stands on the left, so a lane's new value mixes along its
    /// row.
    @Override
    public Lanes write(Lanes stream, Site site, Routing routing, Tensor out) {
      Tensor res =
          routing.get("res").rename("lane", "row").rename("to", "lane").rename("row", "to");
      return stream.written(res, routing.get("post"), out);
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
