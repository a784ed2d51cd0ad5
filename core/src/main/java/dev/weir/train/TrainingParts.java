package dev.weir.train;

import dev.weir.model.Transformer;
import dev.weir.stream.Hooks;
import dev.weir.tensor.AdamW;
import dev.weir.tensor.Optimizer;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.function.Function;

/// What takes part in a run besides numbers: who changes values on their way, what else is made
/// small, who shares the work, who looks on.
///
/// @param edits who changes values of the forward passes that are trained on, for instance
///   [dev.weir.edit.Edits], given the model; looks at the validation texts are left alone
/// @param auxiliaries what is made small besides the cross entropy
/// @param decay which parameters are drawn to zero
/// @param exchange who shares a batch
/// @param statistics who looks on, in steps that end with a look at the validation texts
/// @param optimizers what makes a step of a gradient
/// @param flopsPerToken how many floating-point operations a token costs, forward and backward; 0
///   if nobody knows
public record TrainingParts(
    Function<Transformer, Hooks> edits,
    List<AuxiliaryLoss> auxiliaries,
    Decay decay,
    GradientExchange exchange,
    StepStatistics statistics,
    Optimizers optimizers,
    double flopsPerToken) {

  /// What makes a step of a gradient, for each weight.
  public interface Optimizers {

    /// The optimizer of one weight.
    ///
    /// @param settings what the run's settings say of it
    /// @param weight what to update, any shape
    Optimizer of(TrainingSettings.Optimizer settings, Tensor weight);
  }

  public TrainingParts {
    auxiliaries = List.copyOf(auxiliaries);
  }

  /// Plain training by one process.
  public static TrainingParts usual() {
    return new TrainingParts(
        _ -> Hooks.none(),
        List.of(),
        Decay.declared(),
        GradientExchange.alone(),
        StepStatistics.none(),
        (settings, weight) -> new AdamW(settings.adamW(), weight),
        0);
  }

  /// The same parts with values changed on their way.
  ///
  /// @param other who changes them, given the model
  public TrainingParts withEdits(Function<Transformer, Hooks> other) {
    return new TrainingParts(
        other, auxiliaries, decay, exchange, statistics, optimizers, flopsPerToken);
  }

  /// The same parts with other auxiliary losses.
  ///
  /// @param others what is made small besides the cross entropy
  public TrainingParts withAuxiliaries(AuxiliaryLoss... others) {
    return new TrainingParts(
        edits, List.of(others), decay, exchange, statistics, optimizers, flopsPerToken);
  }

  /// The same parts with another weight decay.
  ///
  /// @param other which parameters are drawn to zero
  public TrainingParts withDecay(Decay other) {
    return new TrainingParts(
        edits, auxiliaries, other, exchange, statistics, optimizers, flopsPerToken);
  }

  /// The same parts with a shared batch.
  ///
  /// @param other who shares it
  public TrainingParts withExchange(GradientExchange other) {
    return new TrainingParts(
        edits, auxiliaries, decay, other, statistics, optimizers, flopsPerToken);
  }

  /// The same parts with somebody who looks on.
  ///
  /// @param other who
  public TrainingParts withStatistics(StepStatistics other) {
    return new TrainingParts(edits, auxiliaries, decay, exchange, other, optimizers, flopsPerToken);
  }

  /// The same parts with other optimizers.
  ///
  /// @param other what makes a step of a gradient
  public TrainingParts withOptimizers(Optimizers other) {
    return new TrainingParts(edits, auxiliaries, decay, exchange, statistics, other, flopsPerToken);
  }

  /// The same parts with another cost.
  ///
  /// @param flops how many floating-point operations a token costs, forward and backward
  public TrainingParts withFlopsPerToken(double flops) {
    return new TrainingParts(edits, auxiliaries, decay, exchange, statistics, optimizers, flops);
  }
}
