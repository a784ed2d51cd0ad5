package dev.weir.tensor;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.VoidTensorHook;
import org.bytedeco.pytorch.global.torch;

/// [Engine#withThreadsOutside] for the backward pass of an operation, which the engine starts by
/// itself: hooks on the gradients that enter and leave it.
final class BackwardThreads {
  private static final VoidTensorHook ENTER = lasting(new Hook(true));
  private static final VoidTensorHook LEAVE = lasting(new Hook(false));

  private BackwardThreads() {}

  /// Gives the matrix library one thread from the moment the result's gradient is known until the
  /// first gradient of an input is.
  ///
  /// @param result what the operation gave
  /// @param inputs what it was given
  static void outside(org.bytedeco.pytorch.Tensor result, Tensor... inputs) {
    if (!result.requires_grad()) {
      return;
    }
    int _ = result.register_hook(ENTER);
    for (Tensor input : inputs) {
      if (input.handle().requires_grad()) {
        int _ = input.handle().register_hook(LEAVE);
      }
    }
  }

  /// A hook that no scope frees: the engine calls it long after the forward pass.
  private static VoidTensorHook lasting(VoidTensorHook hook) {
    hook.retainReference();
    PointerScope scope = PointerScope.getInnerScope();
    if (scope != null) {
      scope.detach(hook);
    }
    return hook;
  }

  private static final class Hook extends VoidTensorHook {
    private final boolean entering;

    Hook(boolean entering) {
      this.entering = entering;
    }

    @Override
    public void call(TensorBase gradient) {
      MatrixLibrary.useThreads(entering ? 1 : torch.get_num_threads());
    }
  }
}
