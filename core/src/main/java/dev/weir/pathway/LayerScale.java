package dev.weir.pathway;

import dev.weir.stream.Site;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/// The plain stream with a learned size for each write: `h ← h + γ ⊙ F(N(h))`, a gain for each
/// feature and small at the start (LayerScale, Touvron et al. 2021, arXiv:2103.17239, section 2),
/// or one number that starts at zero (ReZero, Bachlechner et al. 2020, arXiv:2003.04887, equation
/// 1, defined there for models without norms).
///
/// @param gain how many numbers a write has
/// @param start what they are before training
public record LayerScale(Gain gain, double start) implements PathwaySpec {

  /// How many numbers a write is multiplied with.
  public enum Gain {
    /// One for each feature.
    VECTOR,
    /// One.
    SCALAR
  }

  @Override
  public List<String> problems(Depth depth) {
    return new Check()
        .that(Double.isFinite(start), "start is %s, but must be a number".formatted(start))
        .problems();
  }

  @Override
  public Map<String, Weight> weights(Depth depth) {
    Shape shape = gain == Gain.VECTOR ? Shape.of(depth.width()) : Shape.of();
    Map<String, Weight> weights = new LinkedHashMap<>();
    depth
        .sites()
        .forEach(site -> weights.put(site.path() + "_path.gamma", Weight.constant(shape, start)));
    return weights;
  }

  @Override
  public StreamState state() {
    return StreamState.VECTOR;
  }

  @Override
  public PathwayCost cost(Depth depth) {
    double writes = (double) depth.dModel() * depth.sites().size();
    return PathwayCost.ofOneVector(PathwayCost.count(this, depth), writes, 0, writes, depth);
  }

  @Override
  public ResidualPathway<?> over(Depth depth, Weights weights) {
    return new Scaled(weights);
  }

  /// The pathway with its numbers.
  private record Scaled(Weights weights) implements ResidualPathway<Tensor> {

    @Override
    public Tensor open(Tensor embed, Past past) {
      return embed;
    }

    @Override
    public Reading read(Tensor stream, Site site, Routing routing, Past past) {
      return new Reading.One(stream);
    }

    @Override
    public Tensor write(Tensor stream, Site site, Routing routing, Tensor out) {
      return stream.plus(out.times(weights.get(site.path() + "_path.gamma")));
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
