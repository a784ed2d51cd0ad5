package dev.weir.tensor;

import java.util.List;
import org.bytedeco.pytorch.Scalar;

/// Stochastic gradient descent with momentum for one parameter, as PyTorch has it: `v ← μ v + g`,
/// `θ ← θ − η v`, and weight decay apart from the gradient as in [AdamW]. Unlike Adam's, its steps
/// turn along when the space of the parameter is rotated.
public final class Sgd implements Optimizer {
  private final double momentum;
  private final Tensor parameter;
  private final TensorOwner owner = new TensorOwner();
  private final Tensor velocity;

  /// Starts at rest.
  ///
  /// @param momentum which share of the velocity an update keeps
  /// @param parameter what to update, any shape
  public Sgd(double momentum, Tensor parameter) {
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
    var _ =
        Gradients.untracked(() -> {
          try (Scope _ = Scope.open()) {
            var v =
                velocity
                    .handle()
                    .mul_(new Scalar(momentum))
                    .add_(gradient.handle(), new Scalar(gradientFactor));
            return parameter
                .handle()
                .mul_(new Scalar(1 - learningRate * weightDecay))
                .add_(v, new Scalar(-learningRate));
          }
        });
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
