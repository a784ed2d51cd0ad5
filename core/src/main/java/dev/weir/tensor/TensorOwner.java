package dev.weir.tensor;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;

/// Holds tensors that live as long as an object does (a model's weights, a trace), whatever scopes
/// open and close meanwhile and on whichever thread. Closing it frees them.
public final class TensorOwner implements AutoCloseable {
  private final List<Tensor> tensors = new ArrayList<>();
  private final List<AutoCloseable> others = new ArrayList<>();

  /// Takes a tensor out of the current scope and keeps it until this owner closes.
  ///
  /// @param tensor any shape
  /// @return the same tensor, same shape
  public synchronized Tensor own(Tensor tensor) {
    tensor.handle().retainReference();
    PointerScope scope = PointerScope.getInnerScope();
    if (scope != null) {
      scope.detach(tensor.handle());
    }
    tensors.add(tensor);
    return tensor;
  }

  /// Closes something else together with the tensors, after them: the file that they are views of.
  ///
  /// @param resource what to close
  public synchronized void own(AutoCloseable resource) {
    others.add(resource);
  }

  @Override
  public synchronized void close() {
    tensors.reversed().forEach(tensor -> tensor.handle().releaseReference());
    tensors.clear();
    for (AutoCloseable resource : others.reversed()) {
      closeQuietly(resource);
    }
    others.clear();
  }

  private static void closeQuietly(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      throw TensorException.notClosed(resource.toString(), e);
    }
  }
}
