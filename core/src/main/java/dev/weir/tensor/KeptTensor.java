package dev.weir.tensor;

import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;

/// One tensor that outlives scopes and is replaced over time: what a short convolution saw last
/// while a text grows.
public final class KeptTensor implements AutoCloseable {
  private Optional<Tensor> kept = Optional.empty();

  /// Keeps a copy, in place of what was kept before.
  ///
  /// @param tensor any shape
  public void keep(Tensor tensor) {
    Tensor copy = tensor.copy();
    copy.handle().retainReference();
    PointerScope scope = PointerScope.getInnerScope();
    if (scope != null) {
      scope.detach(copy.handle());
    }
    close();
    kept = Optional.of(copy);
  }

  /// What is kept, if anything, any shape.
  public Optional<Tensor> get() {
    return kept;
  }

  @Override
  public void close() {
    kept.ifPresent(tensor -> tensor.handle().releaseReference());
    kept = Optional.empty();
  }
}
