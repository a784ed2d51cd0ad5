package dev.weir.train;

import dev.weir.model.Transformer;
import dev.weir.stream.HookPoint;
import dev.weir.stream.Hooks;
import dev.weir.tensor.DType;
import dev.weir.tensor.Fused;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What training makes small, and its gradient: one forward and one backward pass.
final class Objective {
  private final Transformer model;
  private final TrainingSettings.Execution execution;
  private final List<AuxiliaryReader.Reading> readings;

  Objective(
      Transformer model, TrainingSettings.Execution execution, List<AuxiliaryLoss> auxiliaries) {
    this.model = model;
    this.execution = execution;
    this.readings = AuxiliaryReader.Reading.of(auxiliaries, model.hookPoints());
  }

  /// What a pass over some windows gave.
  ///
  /// @param loss the mean cross entropy, nats per token
  /// @param auxiliaries what else was made small, by name
  /// @param gradients of the sum of both, one for each parameter, tensors of the current scope
  record Pass(double loss, Map<String, Double> auxiliaries, List<Tensor> gradients) {}

  /// Runs windows forward and backward.
  ///
  /// @param windows tokens, all of one length
  /// @param hooks who changes values on their way
  Pass of(List<int[]> windows, Hooks hooks) {
    AuxiliaryReader reader = new AuxiliaryReader(readings);
    try (TensorOwner owner = new TensorOwner()) {
      Tensor loss = loss(forwardModel(owner), windows, hooks.then(reader));
      Tensor total = loss;
      Map<String, Double> auxiliaries = new LinkedHashMap<>();
      for (Map.Entry<String, Tensor> auxiliary : reader.losses().entrySet()) {
        total = total.plus(auxiliary.getValue());
        auxiliaries.put(auxiliary.getKey(), auxiliary.getValue().item());
      }
      List<Tensor> parameters = List.copyOf(model.parameters().tensors().values());
      List<Tensor> gradients =
          mayCutOff(hooks) ? Gradients.orZeros(total, parameters) : Gradients.of(total, parameters);
      return new Pass(loss.item(), auxiliaries, gradients);
    }
  }

  /// The one place where the numbers of a forward pass are made of the parameters: rounded, where
  /// the run says so, and differentiated through the rounding.
  private Transformer forwardModel(TensorOwner owner) {
    return execution.dtype() == DType.FLOAT32
        ? model
        : Transformer.of(
            model.spec(),
            model.parameters().map(weight -> weight.to(execution.dtype())),
            owner,
            "training");
  }

  /// Where values are replaced, parameters behind them have no gradient; elsewhere a parameter
  /// without one is a fault.
  private boolean mayCutOff(Hooks hooks) {
    return model.hookPoints().stream().anyMatch((HookPoint point) -> hooks.touches(point));
  }

  /// The mean cross entropy of each window's tokens but the first, nats per token, `[]`.
  static Tensor loss(Transformer model, List<int[]> windows, Hooks hooks) {
    List<int[]> inputs =
        windows.stream().map(window -> Arrays.copyOf(window, window.length - 1)).toList();
    Tensor logits = model.logits(inputs, hooks).to(DType.FLOAT32);
    return Fused.crossEntropy(
        logits, nextTokens(windows, logits.shape().without("d_vocab")).to(logits.device()));
  }

  private static Tensor nextTokens(List<int[]> windows, Shape shape) {
    long[] next =
        windows.stream().flatMapToLong(w -> Arrays.stream(w).skip(1).asLongStream()).toArray();
    return Tensor.of(next, shape);
  }
}
