package dev.weir.tensor;

import java.util.List;
import org.bytedeco.pytorch.Scalar;

/// Stochastic gradient descent with momentum for one parameter, as PyTorch computes it (Sutskever
/// et al. 2013, "On the importance of initialization and momentum"): `v ← μ v + g`, then `p ← p − η
/// v`, or Nesterov's `p ← p − η (g + μ v)`. Unlike Adam's, its steps turn along when the space of
/// the parameter is rotated. Weight decay is part of the gradient, unlike in [AdamW].
public final class Sgd implements Optimizer {
  private final Momentum kind;
  private final double momentum;
  private final Tensor parameter;
  private final TensorOwner owner = new TensorOwner();
  private final Tensor velocity;

  /// Which way a step goes.
  public enum Momentum {
    /// Along the velocity.
    PLAIN,
    /// Along the velocity that the next step would have.
    NESTEROV
  }

  /// Starts at rest.
  ///
  /// @param kind which way a step goes
  /// @param momentum `μ`, how much of the velocity an update keeps
  /// @param parameter what to update, any shape
  public Sgd(Momentum kind, double momentum, Tensor parameter) {
    this.kind = kind;
    this.momentum = momentum;
    this.parameter = parameter;
    try (Scope _ = Scope.open()) {
      this.velocity =
          owner.own(Tensor.zeros(parameter.shape(), parameter.dtype()).to(parameter.device()));
    }
  }

  @Override
  public void update(
      Tensor gradient, double gradientFactor, double learningRate, double weightDecay) {
    gradient.require("gradient", parameter.shape());
    var _ = Gradients.untracked(() -> apply(gradient, gradientFactor, learningRate, weightDecay));
  }

  private Tensor apply(Tensor gradient, double factor, double learningRate, double weightDecay) {
    try (Scope _ = Scope.open()) {
      var g = gradient.handle().mul(new Scalar(factor));
      g.add_(parameter.handle(), new Scalar(weightDecay));
      velocity.handle().mul_(new Scalar(momentum)).add_(g);
      var way =
          switch (kind) {
            case PLAIN -> velocity.handle();
            case NESTEROV -> g.add_(velocity.handle(), new Scalar(momentum));
          };
      parameter.handle().add_(way, new Scalar(-learningRate));
      return parameter;
    }
  }

  @Override
  public List<String> stateNames() {
    return List.of("velocity");
  }

  @Override
  public List<Tensor> state() {
    return List.of(velocity);
  }

  @Override
  public void restore(List<Tensor> state, long updatesSoFar) {
    try (Scope _ = Scope.open()) {
      velocity.handle().copy_(state.getFirst().require("velocity", velocity.shape()).handle());
    }
  }

  @Override
  public void close() {
    owner.close();
  }
}
