package dev.weir.readout.subvalue;

import dev.weir.model.Transformer;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Sets neurons to zero at every position, as if their rows of `W_out` or `W_O` were zero.
final class NeuronsOff implements Hooks {
  private final Map<HookPoint, Tensor> masks;

  private NeuronsOff(Map<HookPoint, Tensor> masks) {
    this.masks = masks;
  }

  /// @param neurons MLP neurons, and attention neurons whatever their position; masks are tensors
  ///   of the current scope
  static NeuronsOff of(Transformer model, List<Unit> neurons) {
    Map<HookPoint, double[]> kept = new HashMap<>();
    for (Unit neuron : neurons) {
      switch (neuron) {
        case Unit.MlpNeuron(int layer, int index) ->
            kept.computeIfAbsent(
                        new HookPoint.MlpPost(layer),
                        _ -> ones(model.spec().blocks().get(layer).mlp().neurons()))[index] =
                0;
        case Unit.AttentionNeuron(int layer, int head, int index, int _) -> {
          var spec = model.spec().blocks().get(layer).attention();
          kept.computeIfAbsent(new HookPoint.Z(layer), _ -> ones(spec.nHeads() * spec.dHead()))[
                  head * spec.dHead() + index] =
              0;
        }
        case Unit.Sublayer _, Unit.PathwayBias _, Unit.Head _, Unit.HeadAt _ ->
            throw new IllegalStateException("only neurons are switched off");
      }
    }
    Map<HookPoint, Tensor> masks = new HashMap<>();
    kept.forEach((point, numbers) -> masks.put(point, mask(model, point, numbers)));
    return new NeuronsOff(masks);
  }

  private static double[] ones(int count) {
    double[] ones = new double[count];
    Arrays.fill(ones, 1);
    return ones;
  }

  private static Tensor mask(Transformer model, HookPoint point, double[] numbers) {
    Shape shape =
        point instanceof HookPoint.Z(int layer)
            ? heads(model, layer)
            : Shape.of(new Axis("d_mlp", numbers.length));
    return Tensor.of(numbers, shape).to(model.dtype()).to(model.device());
  }

  private static Shape heads(Transformer model, int layer) {
    var spec = model.spec().blocks().get(layer).attention();
    return Shape.of(new Axis("head", spec.nHeads()), new Axis("d_head", spec.dHead()));
  }

  @Override
  public boolean touches(HookPoint point) {
    return masks.containsKey(point);
  }

  @Override
  public Tensor apply(HookPoint point, Tensor value) {
    Tensor mask = masks.get(point);
    return mask == null ? value : value.times(mask);
  }
}
