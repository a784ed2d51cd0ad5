package dev.weir.tensor;

import org.bytedeco.javacpp.PointerScope;

/// Where tensors made between its opening and its closing live: closing frees their native memory
/// at once, without the garbage collector. Scopes nest; what should outlive one is handed out with
/// [#keep] to the scope around it, or to a [TensorOwner].
///
/// A scope belongs to the thread that opened it. Tensors are counted, so the views of a tensor keep
/// its memory while they live.
public final class Scope implements AutoCloseable {
  private final PointerScope pointers;

  private Scope() {
    Engine.start();
    pointers = new PointerScope();
  }

  /// Opens a scope inside the current one.
  public static Scope open() {
    return new Scope();
  }

  /// Lets a tensor of this scope outlive it, as a tensor of the scope around it; where there is
  /// none, it lives until it is closed itself.
  ///
  /// @param tensor a tensor made in this scope, any shape
  /// @return the same tensor, same shape
  public Tensor keep(Tensor tensor) {
    tensor.handle().retainReference();
    pointers.detach(tensor.handle());
    var outer = PointerScope.getScopeIterator();
    while (outer.hasNext()) {
      PointerScope scope = outer.next();
      if (!scope.equals(pointers)) {
        scope.attach(tensor.handle());
        tensor.handle().releaseReference();
        return tensor;
      }
    }
    return tensor;
  }

  @Override
  public void close() {
    pointers.close();
  }
}
