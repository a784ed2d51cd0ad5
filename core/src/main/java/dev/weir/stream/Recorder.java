package dev.weir.stream;

import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Keeps what a [Capture] asks for as it passes, and makes the [StreamTrace] of it. Keeping a whole
/// value costs nothing, since tensors never change; a single position is copied, so that the rest
/// can be freed.
public final class Recorder implements Hooks {
  private final Set<HookPoint> wanted;
  private final Capture.Positions positions;
  private final boolean single;
  private final Map<HookPoint, Tensor> values = new LinkedHashMap<>();
  private final TensorOwner owner = new TensorOwner();

  /// A recorder for one run.
  ///
  /// @param wanted the places to keep
  /// @param positions the positions to keep
  /// @param texts how many texts the run has; one text has no batch axis in the trace
  public Recorder(Set<HookPoint> wanted, Capture.Positions positions, int texts) {
    this.wanted = Set.copyOf(wanted);
    this.positions = positions;
    this.single = texts == 1;
  }

  @Override
  public boolean touches(HookPoint point) {
    return wanted.contains(point);
  }

  @Override
  public Tensor apply(HookPoint point, Tensor value) {
    values.put(point, keep(value));
    return value;
  }

  private Tensor keep(Tensor value) {
    Tensor text = withoutBatch(value);
    Tensor kept = positions.of(text);
    return owner.own(kept == text ? alias(value, text) : kept.copy());
  }

  private Tensor withoutBatch(Tensor value) {
    return single && value.shape().has("batch") ? value.at("batch", 0) : value;
  }

  /// A recorded tensor has a life of its own.
  private static Tensor alias(Tensor value, Tensor text) {
    return text == value ? text.alias() : text;
  }

  /// The record, complete once the run is over.
  ///
  /// @param tokens the tokens that were run
  /// @param logits the scores at the kept positions, `[batch, pos, d_vocab]`, if the run went to
  ///   the end
  public StreamTrace finish(List<int[]> tokens, Optional<Tensor> logits) {
    return new StreamTrace(
        tokens, values, logits.map(l -> owner.own(alias(l, withoutBatch(l)))), positions, owner);
  }

  /// Frees what was kept of a run that failed.
  public void abandon() {
    owner.close();
  }
}
