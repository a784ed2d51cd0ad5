package dev.weir.readout.causal;

import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Keeps values of a run as they pass, such that what comes after is computed from those kept: the
/// derivative of the answer with respect to each can be asked for, if the embedding was given as a
/// parameter. Where the stream passes, each tensor of its state is kept.
final class Nodes implements Hooks, AutoCloseable {
  private final Set<HookPoint> points;
  private final Set<HookPoint> states;
  private final Optional<Tensor> embed;
  private final Map<HookPoint, List<Tensor>> values = new LinkedHashMap<>();
  private final TensorOwner owner = new TensorOwner();

  private Nodes(Set<HookPoint> points, Set<HookPoint> states, Optional<Tensor> embed) {
    this.points = points;
    this.states = states;
    this.embed = embed;
  }

  /// Keeps values, for a run that is not differentiated.
  ///
  /// @param points places whose value is kept
  /// @param states places at which the whole state of the stream is kept
  static Nodes values(Set<HookPoint> points, Set<HookPoint> states) {
    return new Nodes(points, states, Optional.empty());
  }

  /// Keeps nodes, for a run with these token embeddings.
  ///
  /// @param points places whose value is kept
  /// @param states places at which the whole state of the stream is kept
  /// @param embed `[batch, pos, d_model]`
  static Nodes from(Set<HookPoint> points, Set<HookPoint> states, Tensor embed) {
    return new Nodes(points, states, Optional.of(embed));
  }

  /// What was kept at a place: one tensor, or those of the state, `[batch, ..]`.
  List<Tensor> get(HookPoint point) {
    return values.getOrDefault(point, List.of());
  }

  @Override
  public boolean touches(HookPoint point) {
    return point instanceof HookPoint.Embed || points.contains(point);
  }

  @Override
  public Tensor apply(HookPoint point, Tensor value) {
    boolean start = point instanceof HookPoint.Embed && embed.isPresent();
    return kept(point, start ? embed.get().to(value.dtype()).asParameter() : value);
  }

  @Override
  public boolean touchesState(HookPoint point) {
    return states.contains(point);
  }

  @Override
  public Tensor applyToState(HookPoint point, Tensor part) {
    return kept(point, part);
  }

  private Tensor kept(HookPoint point, Tensor value) {
    Tensor node = owner.own(value.view());
    values.computeIfAbsent(point, _ -> new ArrayList<>()).add(node);
    return node;
  }

  @Override
  public void close() {
    owner.close();
  }
}
