package dev.weir.readout.depth;

import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// One run in which the blocks of a group all read the same stream, whose mean then goes on.
final class SideBySide implements Hooks {
  private final int first;
  private final int last;
  private final List<Tensor> entered = new ArrayList<>();
  private final List<Tensor> left = new ArrayList<>();

  SideBySide(int first, int last) {
    this.first = first;
    this.last = last;
  }

  @Override
  public boolean touches(HookPoint point) {
    return point instanceof HookPoint.InBlock edge
        && (edge instanceof HookPoint.ResidPre || edge instanceof HookPoint.ResidPost)
        && edge.layer() >= first
        && edge.layer() <= last;
  }

  @Override
  public Tensor apply(HookPoint point, Tensor value) {
    if (point instanceof HookPoint.ResidPost(int layer)) {
      left.add(value);
      return layer == last ? mean() : value;
    }
    entered.add(value);
    return entered.getFirst();
  }

  private Tensor mean() {
    Tensor sum = left.getFirst();
    for (Tensor stream : left.subList(1, left.size())) {
      sum = sum.plus(stream);
    }
    return sum.times(1.0 / left.size());
  }
}
