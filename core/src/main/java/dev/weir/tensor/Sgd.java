package dev.weir.tensor;

import org.bytedeco.pytorch.Scalar;

/// Stochastic gradient descent with Nesterov's momentum for one parameter, as PyTorch computes it
/// (Sutskever et al. 2013, "On the importance of initialization and momentum"): `v ← μ v + g`, then
/// `p ← p − η (g + μ v)`. Like [AdamW], it writes into the parameter's memory.
public final class Sgd implements AutoCloseable {
  private final double momentum;
  private final Tensor parameter;
  private final TensorOwner owner = new TensorOwner();
  private final Tensor velocity;

  /// Starts at rest.
  ///
  /// @param momentum `μ`, how much of the velocity an update keeps
  /// @param parameter what to update, any shape
  public Sgd(double momentum, Tensor parameter) {
    this.momentum = momentum;
    this.parameter = parameter;
    try (Scope _ = Scope.open()) {
      this.velocity =
          owner.own(Tensor.zeros(parameter.shape(), parameter.dtype()).to(parameter.device()));
    }
  }

  /// Goes one step against the gradient.
  ///
  /// @param gradient the parameter's shape
  /// @param gradientFactor what the gradient is multiplied with first, to clip it
  /// @param learningRate `η`
  /// @param weightDecay how much of the parameter is added to the gradient
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
      g.add_(velocity.handle(), new Scalar(momentum));
      parameter.handle().add_(g, new Scalar(-learningRate));
      return parameter;
    }
  }

  @Override
  public void close() {
    owner.close();
  }
}
