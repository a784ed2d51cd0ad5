package dev.weir.train;

import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Catches what auxiliary losses read of one forward pass.
final class AuxiliaryReader implements Hooks {

  /// A loss and the points it reads in a certain model.
  record Reading(AuxiliaryLoss loss, Set<HookPoint> points) {

    /// The readings of a model.
    ///
    /// @throws dev.weir.stream.StreamException if the model has no such point
    static List<Reading> of(List<AuxiliaryLoss> losses, List<HookPoint> available) {
      return losses.stream()
          .map(loss ->
              new Reading(
                  loss, Capture.matching(loss.points().toArray(String[]::new)).resolve(available)))
          .toList();
    }
  }

  private final List<Reading> readings;
  private final Set<HookPoint> wanted = new LinkedHashSet<>();
  private final Map<HookPoint, Tensor> seen = new LinkedHashMap<>();

  AuxiliaryReader(List<Reading> readings) {
    this.readings = readings;
    readings.forEach(reading -> wanted.addAll(reading.points()));
  }

  @Override
  public boolean touches(HookPoint point) {
    return wanted.contains(point);
  }

  @Override
  public Tensor apply(HookPoint point, Tensor value) {
    seen.put(point, value);
    return value;
  }

  /// Each loss by its name, `[]` in float32, of the pass that went through these hooks.
  Map<String, Tensor> losses() {
    Map<String, Tensor> losses = new LinkedHashMap<>();
    for (Reading reading : readings) {
      Map<HookPoint, Tensor> values = new LinkedHashMap<>(seen);
      values.keySet().retainAll(reading.points());
      losses.merge(
          reading.loss().name(), reading.loss().of(values).to(DType.FLOAT32), Tensor::plus);
    }
    return losses;
  }
}
