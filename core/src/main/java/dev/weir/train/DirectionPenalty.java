package dev.weir.train;

import dev.weir.stream.HookPoint;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.Map;

/// Makes the use of a direction expensive: `weight · mean((x·r̂)²)` over texts, positions and
/// points.
///
/// @param point a hook point's name, for instance `blocks.2.hook_resid_post`; `*` stands for
///   anything
/// @param direction `[d_model]`, or whatever vectors the points hold; its length does not matter.
///   It must stay open while runs use it
/// @param weight how expensive, in nats per unit of squared length
public record DirectionPenalty(String point, Tensor direction, double weight)
    implements AuxiliaryLoss {

  public DirectionPenalty {
    if (direction.shape().rank() != 1 || !hasLength(direction) || !Double.isFinite(weight)) {
      throw TrainException.badPenalty(point, direction.toString(), weight);
    }
  }

  private static boolean hasLength(Tensor direction) {
    try (Scope _ = Scope.open()) {
      double length = direction.norm(axis(direction)).item();
      return length > 0 && length < Double.POSITIVE_INFINITY;
    }
  }

  private static String axis(Tensor direction) {
    return direction.shape().axes().getLast().name();
  }

  @Override
  public String name() {
    return "direction at " + point;
  }

  @Override
  public List<String> points() {
    return List.of(point);
  }

  @Override
  public Tensor of(Map<HookPoint, Tensor> values) {
    List<Tensor> uses = values.values().stream().map(this::use).toList();
    return Tensor.stack("point", uses).mean("point").times(weight);
  }

  /// The mean of the squared projection, `[]`.
  private Tensor use(Tensor value) {
    String axis = axis(direction);
    Tensor same = direction.to(DType.FLOAT32).to(value.device());
    Tensor unit = same.dividedBy(same.norm(axis));
    Tensor along = value.to(DType.FLOAT32).dot(unit, axis).square();
    return along.mean(along.shape().axes().stream().map(Axis::name).toArray(String[]::new));
  }
}
