package dev.weir.train;

import dev.weir.model.Transformer;
import dev.weir.stream.Hooks;
import dev.weir.tensor.DType;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
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
    switch (execution.activations()) {
      case KEPT -> {}
      case RECOMPUTED -> throw TrainException.cannotRecompute();
    }
    this.model = model;
    this.execution = execution;
    this.readings = AuxiliaryReader.Reading.of(auxiliaries, model.hookPoints());
  }

  /// What a pass over some examples gave.
  ///
  /// @param loss the mean cross entropy, nats per token
  /// @param auxiliaries what else was made small, by name
  /// @param gradients of the sum of both, one for each parameter, tensors of the current scope
  record Pass(double loss, Map<String, Double> auxiliaries, List<Tensor> gradients) {}

  /// Runs examples forward and backward.
  ///
  /// @param batch the examples
  /// @param hooks who changes values on their way
  Pass of(Batch batch, Hooks hooks) {
    AuxiliaryReader reader = new AuxiliaryReader(readings);
    try (TensorOwner owner = new TensorOwner()) {
      Tensor loss = batch.loss(logits(forwardModel(owner), batch, hooks.then(reader)));
      Tensor total = loss;
      Map<String, Double> auxiliaries = new LinkedHashMap<>();
      for (Map.Entry<String, Tensor> auxiliary : reader.losses().entrySet()) {
        total = total.plus(auxiliary.getValue());
        auxiliaries.put(auxiliary.getKey(), auxiliary.getValue().item());
      }
      List<Tensor> parameters = List.copyOf(model.parameters().tensors().values());
      // A replaced value cuts off what it was computed from; some pathways have weights that only
      // deeper models use.
      List<Tensor> gradients = Gradients.orZero(total, parameters);
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

  /// The model's scores, float32, `[batch, pos, d_vocab]`.
  static Tensor logits(Transformer model, Batch batch, Hooks hooks) {
    return model.logits(batch.inputs(), hooks).to(DType.FLOAT32);
  }
}
