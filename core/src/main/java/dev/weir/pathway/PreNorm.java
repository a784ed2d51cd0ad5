package dev.weir.pathway;

import dev.weir.stream.Site;
import dev.weir.tensor.Tensor;
import java.util.Optional;

/// The plain residual stream: `h ← h + F(N(h))` (Xiong et al. 2020, arXiv:2002.04745, figure 1b).
/// Every sublayer reads the sum of everything written before it, and nothing is routed.
public final class PreNorm implements ResidualPathway<Tensor, PreNorm.Unrouted> {

  /// The name in checkpoints.
  public static final String NAME = "pre_norm";

  /// Nothing to decide.
  public record Unrouted() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Tensor open(Tensor embed) {
    return embed;
  }

  @Override
  public Tensor read(Tensor stream, Site site) {
    return stream;
  }

  @Override
  public Unrouted route(Tensor stream, Site site, Tensor out) {
    return new Unrouted();
  }

  @Override
  public Tensor write(Tensor stream, Site site, Unrouted routing, Tensor out) {
    return stream.plus(out);
  }

  @Override
  public Optional<Tensor> constant(Site site) {
    return Optional.empty();
  }

  @Override
  public Tensor add(Tensor stream, Tensor constant) {
    return stream.plus(constant);
  }

  @Override
  public Tensor close(Tensor stream) {
    return stream;
  }

  @Override
  public Tensor replace(Tensor stream, Tensor resid) {
    return resid;
  }
}
