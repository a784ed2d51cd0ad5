package dev.weir.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Derivatives of what was computed from [Tensor#asParameter] tensors.
public final class Gradients {

  private Gradients() {}

  /// The derivative of a number with respect to each parameter. What the number was computed from
  /// is let go, so this can be asked once.
  ///
  /// @param loss one number, computed from the parameters
  /// @param parameters what to differentiate with respect to
  /// @return one tensor of the current scope for each parameter, of its shape
  /// @throws TensorException if the loss holds several numbers or does not depend on a parameter
  public static List<Tensor> of(Tensor loss, List<Tensor> parameters) {
    TensorVector found = found(loss, parameters);
    List<Tensor> gradients = new ArrayList<>();
    for (int i = 0; i < parameters.size(); i++) {
      var gradient = found.get(i);
      if (!gradient.defined()) {
        throw TensorException.noGradient(i, parameters.get(i).shape());
      }
      // A handle of its own: those of the engine's list go with it.
      gradients.add(parameters.get(i).same(new org.bytedeco.pytorch.Tensor(gradient)));
    }
    return gradients;
  }

  /// The same, with zeros for parameters that the number does not depend on.
  ///
  /// @param loss one number, computed from some of the parameters
  /// @param parameters what to differentiate with respect to
  /// @return one tensor of the current scope for each parameter, of its shape
  public static List<Tensor> orZero(Tensor loss, List<Tensor> parameters) {
    TensorVector found = found(loss, parameters);
    List<Tensor> gradients = new ArrayList<>();
    for (int i = 0; i < parameters.size(); i++) {
      Tensor parameter = parameters.get(i);
      gradients.add(
          found.get(i).defined()
              ? parameter.same(found.get(i).detach())
              : Tensor.zeros(parameter.shape(), parameter.dtype()).to(parameter.device()));
    }
    return gradients;
  }

  /// What it holds lives no longer than itself; whoever hands an element out detaches it.
  private static TensorVector found(Tensor loss, List<Tensor> parameters) {
    if (loss.shape().elements() != 1) {
      throw TensorException.notOneNumber(loss.shape());
    }
    TensorVector inputs = new TensorVector();
    parameters.forEach(parameter -> inputs.push_back(parameter.handle()));
    return torch.grad(
        new TensorVector(loss.handle()),
        inputs,
        new TensorVector(),
        new BoolOptional(false),
        false,
        true);
  }

  /// The Euclidean length of all gradients together.
  ///
  /// @param gradients any shapes
  public static double norm(List<Tensor> gradients) {
    try (Scope _ = Scope.open()) {
      double sum = 0;
      for (Tensor gradient : gradients) {
        double length = gradient.handle().norm().item_double();
        sum += length * length;
      }
      return Math.sqrt(sum);
    }
  }

  /// Computes without remembering how, on this thread: for reading a model that is being trained.
  ///
  /// @param computation what to compute
  /// @param <T> what comes out
  public static <T> T untracked(Supplier<T> computation) {
    Engine.start();
    boolean before = GradMode.is_enabled();
    GradMode.set_enabled(false);
    try {
      return computation.get();
    } finally {
      GradMode.set_enabled(before);
    }
  }
}
