package dev.weir.tensor;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.global.torch;

/// Adam with decoupled weight decay for one parameter (Loshchilov & Hutter 2017, arXiv:1711.05101,
/// algorithm 2).
public final class AdamW implements Optimizer {
  private final Settings settings;
  private final Tensor parameter;
  private final TensorOwner owner = new TensorOwner();
  private final Tensor mean;
  private final Tensor square;
  private long updates;

  /// How gradients are averaged.
  ///
  /// @param beta1 how much of the mean of gradients an update keeps
  /// @param beta2 how much of the mean of their squares an update keeps
  /// @param epsilon added to the root of the squares
  public record Settings(double beta1, double beta2, double epsilon) {}

  /// Starts from no gradients at all.
  ///
  /// @param settings how gradients are averaged
  /// @param parameter what to update, any shape
  public AdamW(Settings settings, Tensor parameter) {
    this.settings = settings;
    this.parameter = parameter;
    this.mean = zerosLike(parameter);
    this.square = zerosLike(parameter);
  }

  private Tensor zerosLike(Tensor like) {
    try (Scope _ = Scope.open()) {
      return owner.own(Tensor.zeros(like.shape(), like.dtype()).to(like.device()));
    }
  }

  @Override
  public void update(
      Tensor gradient, double gradientFactor, double learningRate, double weightDecay) {
    gradient.require("gradient", parameter.shape());
    updates++;
    var _ = Gradients.untracked(() -> apply(gradient, gradientFactor, learningRate, weightDecay));
  }

  private Tensor apply(Tensor gradient, double factor, double learningRate, double weightDecay) {
    double beta1 = settings.beta1();
    double beta2 = settings.beta2();
    double bias1 = 1 - Math.pow(beta1, (double) updates);
    double bias2 = 1 - Math.pow(beta2, (double) updates);
    try (Scope _ = Scope.open()) {
      var g = factor == 1 ? gradient.handle() : torch.mul(gradient.handle(), new Scalar(factor));
      var m = mean.handle().mul_(new Scalar(beta1)).add_(g, new Scalar(1 - beta1));
      var v = square.handle().mul_(new Scalar(beta2)).addcmul_(g, g, new Scalar(1 - beta2));
      var root = torch.sqrt(v).mul_(new Scalar(1 / Math.sqrt(bias2)));
      root.add_(new Scalar(settings.epsilon()));
      parameter
          .handle()
          .mul_(new Scalar(1 - learningRate * weightDecay))
          .addcdiv_(m, root, new Scalar(-learningRate / bias1));
      return parameter;
    }
  }

  @Override
  public List<String> stateNames() {
    return List.of("mean", "square");
  }

  /// The running means of gradients and of their squares.
  @Override
  public List<Tensor> state() {
    return List.of(mean, square);
  }

  @Override
  public void restore(List<Tensor> state, long updatesSoFar) {
    try (Scope _ = Scope.open()) {
      mean.handle().copy_(state.get(0).require("mean", mean.shape()).handle());
      square.handle().copy_(state.get(1).require("square", square.shape()).handle());
    }
    updates = updatesSoFar;
  }

  @Override
  public void close() {
    owner.close();
  }
}
