package dev.weir.pathway;

import dev.weir.stream.Site;
import dev.weir.tensor.Tensor;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// The original transformer's stream: `h ← N(h + F(h))` (Vaswani et al. 2017, arXiv:1706.03762,
/// section 3.1). The norm's centre and scale are its routing: with the scale of a run frozen, what
/// remains is linear, and the norm's shift is the pathway's own constant.
///
/// @param norms the LayerNorm after each write
public record PostNorm(Map<Site, PostNorm.Norm> norms)
    implements ResidualPathway<Tensor, PostNorm.Frozen> {

  /// The name in checkpoints.
  public static final String NAME = "post_norm";

  public PostNorm {
    norms = Map.copyOf(norms);
  }

  /// One LayerNorm.
  ///
  /// @param weight its gain, `[d_model]`
  /// @param bias its shift, `[d_model]`
  /// @param epsilon added to the variance
  public record Norm(Tensor weight, Tensor bias, double epsilon) {}

  /// What the norm divided by.
  ///
  /// @param scale `sqrt(variance + epsilon)`, `[batch, pos]`
  public record Frozen(Tensor scale) {}

  @Override
  public String name() {
    return NAME;
  }

  private Norm at(Site site) {
    return Objects.requireNonNull(norms.get(site), "every site has a norm");
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
  public Frozen route(Tensor stream, Site site, Tensor out) {
    Tensor sum = stream.plus(out);
    Tensor centred = sum.minus(sum.mean("d_model"));
    return new Frozen(centred.square().mean("d_model").plus(at(site).epsilon()).sqrt());
  }

  @Override
  public Tensor write(Tensor stream, Site site, Frozen routing, Tensor out) {
    Tensor sum = stream.plus(out);
    return sum.minus(sum.mean("d_model")).dividedBy(routing.scale()).times(at(site).weight());
  }

  @Override
  public Optional<Tensor> constant(Site site) {
    return Optional.of(at(site).bias());
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
