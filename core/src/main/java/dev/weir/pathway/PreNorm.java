package dev.weir.pathway;

import dev.weir.stream.Site;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/// The plain residual stream: `h ← h + F(N(h))` (Xiong et al. 2020, arXiv:2002.04745, figure 1b).
/// Every sublayer reads the sum of everything written before it, and nothing is routed.
public record PreNorm() implements PathwaySpec, ResidualPathway<Tensor> {

  @Override
  public List<String> problems(Depth depth) {
    return List.of();
  }

  @Override
  public Map<String, Weight> weights(Depth depth) {
    return Map.of();
  }

  @Override
  public ResidualPathway<?> over(Depth depth, Weights weights) {
    return this;
  }

  @Override
  public StreamState state() {
    return StreamState.VECTOR;
  }

  @Override
  public PathwayCost cost(Depth depth) {
    return PathwayCost.none(depth);
  }

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
    return stream.plus(out);
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

  @Override
  public boolean additive() {
    return true;
  }
}
