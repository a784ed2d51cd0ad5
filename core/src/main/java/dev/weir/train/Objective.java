package dev.weir.train;

import dev.weir.model.SegmentedPass;
import dev.weir.model.Transformer;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Checkpointed;
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
  /// @param changes who changes values on their way; called a second time where activations are
  ///   recomputed, and has to do the same then
  /// @param watching who looks on and changes nothing; called once
  Pass of(Batch batch, Hooks changes, Hooks watching) {
    return switch (execution.activations()) {
      case KEPT -> kept(batch, changes.then(watching));
      case RECOMPUTED -> recomputed(batch, changes, watching);
    };
  }

  private Pass kept(Batch batch, Hooks hooks) {
    try (TensorOwner owner = new TensorOwner();
        AuxiliaryReader reader = new AuxiliaryReader(readings)) {
      Losses losses = new Losses();
      Tensor logits = logits(forwardModel(owner), batch, hooks.then(reader));
      Tensor total = losses.total(batch.loss(logits), reader.losses());
      List<Tensor> parameters = List.copyOf(model.parameters().tensors().values());
      // A replaced value cuts off what it was computed from; some pathways have weights that only
      // deeper models use.
      return losses.with(Gradients.orZero(total, parameters));
    }
  }

  /// The same losses and gradients, block by block: bit for bit, but for weights that several
  /// blocks use, whose gradients are added in another order.
  private Pass recomputed(Batch batch, Hooks changes, Hooks watching) {
    try (TensorOwner owner = new TensorOwner()) {
      Transformer forward = leafModel(owner);
      Losses losses = new Losses();
      Checkpointed.Result result =
          forward.gradients(
              new SegmentedPass(
                  batch.inputs(), changes, watching, AuxiliaryReader.Reading.points(readings)),
              (logits, carried) ->
                  losses.total(
                      batch.loss(logits.to(DType.FLOAT32)),
                      AuxiliaryReader.Reading.losses(readings, carried)));
      return losses.with(
          result.gradients().stream().map(gradient -> gradient.to(DType.FLOAT32)).toList());
    }
  }

  /// What a pass made small, noted as it was computed.
  private static final class Losses {
    private double loss;
    private final Map<String, Double> auxiliaries = new LinkedHashMap<>();

    Tensor total(Tensor crossEntropy, Map<String, Tensor> others) {
      loss = crossEntropy.item();
      Tensor total = crossEntropy;
      for (Map.Entry<String, Tensor> auxiliary : others.entrySet()) {
        total = total.plus(auxiliary.getValue());
        auxiliaries.put(auxiliary.getKey(), auxiliary.getValue().item());
      }
      return total;
    }

    Pass with(List<Tensor> gradients) {
      return new Pass(loss, auxiliaries, gradients);
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

  /// The same as leaves, since every block goes back to them by itself: their gradients are those
  /// of the parameters, rounding being passed as it is.
  private Transformer leafModel(TensorOwner owner) {
    return execution.dtype() == DType.FLOAT32
        ? model
        : Transformer.of(
            model.spec(),
            model
                .parameters()
                .map(weight -> owner.own(weight.detached().to(execution.dtype()).asParameter())),
            owner,
            "training");
  }

  /// The model's scores, float32, `[batch, pos, d_vocab]`.
  static Tensor logits(Transformer model, Batch batch, Hooks hooks) {
    return model.logits(batch.inputs(), hooks).to(DType.FLOAT32);
  }
}
