package dev.weir.tensor;

import java.util.List;
import java.util.function.Function;

/// Another optimizer that sees a parameter, and its gradient, in coordinates that are rotated along
/// one axis: what it prefers, it prefers there.
public final class RotatedOptimizer implements Optimizer {
  private final Tensor parameter;
  private final String axis;
  private final TensorOwner owner = new TensorOwner();
  private final Tensor rotation;
  private final Tensor rotated;
  private final Optimizer inner;

  /// Starts where the parameter is.
  ///
  /// @param parameter what to update; has the axis
  /// @param rotation an orthogonal matrix, `[axis, other]`, as precise as the parameter
  /// @param axis the name of the axis
  /// @param inner makes the optimizer of the rotated parameter, same shape
  public RotatedOptimizer(
      Tensor parameter, Tensor rotation, String axis, Function<Tensor, Optimizer> inner) {
    this.parameter = parameter;
    this.axis = axis;
    try (Scope _ = Scope.open()) {
      this.rotation = owner.own(rotation.order(axis, other(rotation)).copy());
      this.rotated = owner.own(turned(parameter.detached()).copy());
    }
    this.inner = inner.apply(rotated);
  }

  private String other(Tensor square) {
    return square.shape().names().stream()
        .filter(name -> !name.equals(axis))
        .findFirst()
        .orElseThrow();
  }

  /// Same shape.
  private Tensor turned(Tensor value) {
    String[] names = value.shape().names().toArray(String[]::new);
    return value.dot(rotation, axis).rename(other(rotation), axis).order(names);
  }

  /// Same shape.
  private Tensor turnedBack(Tensor value) {
    String other = other(rotation);
    String[] names = value.shape().names().toArray(String[]::new);
    return value.rename(axis, other).dot(rotation, other).order(names);
  }

  @Override
  public void update(
      Tensor gradient, double gradientFactor, double learningRate, double weightDecay) {
    var _ =
        Gradients.untracked(() -> {
          try (Scope _ = Scope.open()) {
            inner.update(turned(gradient).copy(), gradientFactor, learningRate, weightDecay);
            return parameter.handle().copy_(turnedBack(rotated).handle());
          }
        });
  }

  @Override
  public List<String> stateNames() {
    return inner.stateNames();
  }

  /// In the rotated coordinates.
  @Override
  public List<Tensor> state() {
    return inner.state();
  }

  /// From the parameter as it is now.
  @Override
  public void restore(List<Tensor> state, long updatesSoFar) {
    var _ =
        Gradients.untracked(() -> {
          try (Scope _ = Scope.open()) {
            return rotated.handle().copy_(turned(parameter.detached()).handle());
          }
        });
    inner.restore(state, updatesSoFar);
  }

  @Override
  public void close() {
    inner.close();
    owner.close();
  }
}
