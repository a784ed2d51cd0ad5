package dev.weir.page.run;

import dev.weir.edit.Intervention;
import dev.weir.stream.HookPoint;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.List;

/// The neurons of one MLP, some of which are to be set.
///
/// @param point where they are
/// @param count how many there are
/// @param materials what changes are made from
record Neurons(HookPoint point, int count, Materials materials) {

  /// Those at a hook point.
  ///
  /// @throws PageException if it has none
  static Neurons at(String hook, Materials materials) {
    List<HookPoint> points = materials.points(hook);
    if (points.size() == 1
        && points.getFirst() instanceof HookPoint.InBlock place
        && place.local().startsWith("mlp.")) {
      var block = materials.transformer().spec().blocks().get(place.layer());
      return new Neurons(place, block.mlp().neurons(), materials);
    }
    throw PageException.noNeurons(hook);
  }

  /// Sets some to 0.
  Intervention setToZero(List<Integer> neurons) {
    return set(neurons, new double[count]);
  }

  /// Sets some to their means over the unchanged run.
  Intervention setToMean(List<Integer> neurons) {
    Tensor values = materials.unchanged(point.name()).get(point);
    return set(neurons, values.to(DType.FLOAT64).mean("pos").toDoubles());
  }

  /// `x − Σᵢ eᵢ (eᵢ · (x − c))` sets those along which the `eᵢ` lie to their `c`, exactly where it
  /// is 0.
  private Intervention set(List<Integer> neurons, double... numbers) {
    double[] axes = new double[neurons.size() * count];
    for (int i = 0; i < neurons.size(); i++) {
      int neuron = neurons.get(i);
      if (neuron < 0 || neuron >= count) {
        throw PageException.noNeuron(neuron, count, point.name());
      }
      axes[i * count + neuron] = 1;
    }
    Shape shape = Shape.of(new Axis("rank", neurons.size()), new Axis("d_mlp", count));
    Tensor along = materials.own(Tensor.of(axes, shape));
    return new Intervention.Erase(along, along, materials.vector(numbers, "d_mlp"));
  }
}
