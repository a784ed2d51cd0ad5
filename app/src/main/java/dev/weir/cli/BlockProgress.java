package dev.weir.cli;

import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Tensor;
import dev.weir.view.Progress;

/// Says how far a run is, block by block.
///
/// @param progress where it is said
record BlockProgress(Progress progress) implements Hooks {

  @Override
  public boolean touches(HookPoint point) {
    return point instanceof HookPoint.ResidPre;
  }

  @Override
  public Tensor apply(HookPoint point, Tensor value) {
    if (point instanceof HookPoint.ResidPre(int layer)) {
      progress.reached(layer);
    }
    return value;
  }
}
