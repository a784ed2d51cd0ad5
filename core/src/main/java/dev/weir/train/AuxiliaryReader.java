package dev.weir.train;

import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Catches what auxiliary losses read of one forward pass. Sublayers free what they made when they
/// are done, so it is held here until the pass is.
final class AuxiliaryReader implements Hooks, AutoCloseable {

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

    /// Every point that some loss reads.
    static Set<HookPoint> points(List<Reading> readings) {
      Set<HookPoint> all = new LinkedHashSet<>();
      readings.forEach(reading -> all.addAll(reading.points()));
      return all;
    }

    /// Each loss by its name, `[]` in float32.
    ///
    /// @param seen what the points held
    static Map<String, Tensor> losses(List<Reading> readings, Map<HookPoint, Tensor> seen) {
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

  private final List<Reading> readings;
  private final Set<HookPoint> wanted;
  private final TensorOwner owner = new TensorOwner();
  private final Map<HookPoint, Tensor> seen = new LinkedHashMap<>();

  AuxiliaryReader(List<Reading> readings) {
    this.readings = readings;
    this.wanted = Reading.points(readings);
  }

  @Override
  public boolean touches(HookPoint point) {
    return wanted.contains(point);
  }

  @Override
  public Tensor apply(HookPoint point, Tensor value) {
    seen.put(point, owner.own(value.view()));
    return value;
  }

  /// Each loss by its name, `[]` in float32, of the pass that went through these hooks.
  Map<String, Tensor> losses() {
    return Reading.losses(readings, seen);
  }

  @Override
  public void close() {
    owner.close();
  }
}
