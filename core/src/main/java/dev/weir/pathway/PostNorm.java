package dev.weir.pathway;

import dev.weir.stream.HookPoint;
import dev.weir.stream.Site;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// The original transformer's stream: `h ← N(h + F(h))` (Vaswani et al. 2017, arXiv:1706.03762,
/// section 3.1), and with a factor above 1 on the stream DeepNorm: `h ← N(α h + F(h))` (Wang et al.
/// 2022, arXiv:2203.00555, section 3). The norm's centre and scale are its routing: with the scale
/// of a run frozen, what remains is linear, and the norm's shift is the pathway's own constant.
///
/// @param norm which norm
/// @param alpha what the stream is multiplied with before the write is added
/// @param beta what the starting deviation of value, output and MLP matrices is multiplied with
/// @param epsilon added to the variance or the mean square
public record PostNorm(Norm norm, double alpha, double beta, double epsilon)
    implements PathwaySpec {

  /// Which norm follows each write.
  public enum Norm {
    /// Centres, scales, multiplies and shifts.
    LAYER_NORM,
    /// Scales and multiplies.
    RMS_NORM
  }

  /// The original.
  ///
  /// @param epsilon of its LayerNorms
  public static PostNorm original(double epsilon) {
    return new PostNorm(Norm.LAYER_NORM, 1, 1, epsilon);
  }

  /// DeepNorm with the constants that the paper gives decoders: `α = (2M)^(1/4)` and `β =
  /// (8M)^(-1/4)` for `M` blocks.
  ///
  /// @param nLayers how many blocks
  /// @param epsilon of its LayerNorms
  public static PostNorm deepNorm(int nLayers, double epsilon) {
    return new PostNorm(
        Norm.LAYER_NORM, Math.pow(2.0 * nLayers, 0.25), Math.pow(8.0 * nLayers, -0.25), epsilon);
  }

  @Override
  public List<String> problems(Depth depth) {
    return new Check()
        .positive("alpha", alpha)
        .positive("beta", beta)
        .positive("epsilon", epsilon)
        .problems();
  }

  @Override
  public Map<String, Weight> weights(Depth depth) {
    Map<String, Weight> weights = new LinkedHashMap<>();
    for (Site site : depth.sites()) {
      weights.put(site.path() + "_path.w", Weight.constant(Shape.of(depth.width()), 1));
      if (norm == Norm.LAYER_NORM) {
        weights.put(site.path() + "_path.b", Weight.constant(Shape.of(depth.width()), 0));
      }
    }
    return weights;
  }

  @Override
  public List<HookPoint.Route> routes(Depth depth) {
    return depth.sites().stream()
        .map(site -> new HookPoint.Route(site, HookPoint.Moment.WRITE, "scale"))
        .toList();
  }

  @Override
  public double startFactor(String weight, Depth depth) {
    return List.of("W_V", "W_O", "W_in", "W_gate", "W_out")
            .contains(weight.substring(weight.lastIndexOf('.') + 1))
        ? beta
        : 1;
  }

  @Override
  public StreamState state() {
    return StreamState.VECTOR;
  }

  @Override
  public PathwayCost cost(Depth depth) {
    double d = depth.dModel();
    double sites = depth.sites().size();
    double sum = alpha == 1 ? d : 2 * d;
    boolean centred = norm == Norm.LAYER_NORM;
    double centre = centred ? 2 * d : 0;
    // The sum is centred once for its scale and once to be carried.
    double flops = 2 * (sum + centre) + 2 * d + 2 + 2 * d + (centred ? d : 0) - d;
    return PathwayCost.ofOneVector(
        PathwayCost.count(this, depth), flops * sites, 2 * d * sites, 3 * d * sites, depth);
  }

  @Override
  public ResidualPathway<?> over(Depth depth, Weights weights) {
    return new Normed(this, weights);
  }

  /// The pathway with its numbers.
  ///
  /// @param spec its settings
  /// @param weights where its numbers are
  private record Normed(PostNorm spec, Weights weights) implements ResidualPathway<Tensor> {

    @Override
    public Tensor open(Tensor embed, Past past) {
      return embed;
    }

    @Override
    public Reading read(Tensor stream, Site site, Routing routing, Past past) {
      return new Reading.One(stream);
    }

    @Override
    public Routing routeWrite(Tensor stream, Site site, Routing reading, Passage passage) {
      Tensor centred = centred(sum(stream, passage.out()));
      return Routing.of("scale", centred.square().mean("d_model").plus(spec.epsilon).sqrt());
    }

    @Override
    public Tensor write(Tensor stream, Site site, Routing routing, Tensor out) {
      return centred(sum(stream, out))
          .dividedBy(routing.get("scale"))
          .times(weights.get(site.path() + "_path.w"));
    }

    private Tensor sum(Tensor stream, Tensor out) {
      return spec.alpha == 1 ? stream.plus(out) : stream.times(spec.alpha).plus(out);
    }

    private Tensor centred(Tensor sum) {
      return spec.norm == Norm.LAYER_NORM ? sum.minus(sum.mean("d_model")) : sum;
    }

    @Override
    public Optional<Tensor> constant(Site site) {
      return spec.norm == Norm.LAYER_NORM
          ? Optional.of(weights.get(site.path() + "_path.b"))
          : Optional.empty();
    }

    @Override
    public Tensor map(Tensor stream, UnaryOperator<Tensor> change) {
      return change.apply(stream);
    }

    @Override
    public Tensor add(Tensor stream, Tensor delta) {
      return stream.plus(delta);
    }

    @Override
    public Tensor replace(Tensor stream, Tensor before, Tensor after) {
      return after;
    }
  }
}
