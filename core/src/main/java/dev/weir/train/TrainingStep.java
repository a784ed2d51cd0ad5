package dev.weir.train;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/// What became of one step; losses in nats per token.
///
/// @param step from 1
/// @param tokens how many tokens have been predicted so far
/// @param trainLoss the mean cross entropy of this step's examples, before its update
/// @param auxiliaryLosses what else was made small, by name
/// @param validation how well the model does after the update on what it is not trained on, if
///   looked at
/// @param learningRate of the update
/// @param gradientNorm the length of the gradient before clipping
/// @param tokensPerSecond how fast this step was, validation left out
/// @param flops how many floating-point operations have been spent so far; 0 if nobody counts
/// @param statistics what was seen of the forward passes, by the name of the value
public record TrainingStep(
    int step,
    long tokens,
    double trainLoss,
    Map<String, Double> auxiliaryLosses,
    Optional<Look> validation,
    double learningRate,
    double gradientNorm,
    double tokensPerSecond,
    double flops,
    Map<String, StepStatistics.Summary> statistics) {

  public TrainingStep {
    auxiliaryLosses = Collections.unmodifiableMap(new LinkedHashMap<>(auxiliaryLosses));
    statistics = Collections.unmodifiableMap(new LinkedHashMap<>(statistics));
  }

  /// The mean cross entropy on what the model is not trained on, if looked at, nats.
  public OptionalDouble validationLoss() {
    return validation.isPresent()
        ? OptionalDouble.of(validation.get().loss())
        : OptionalDouble.empty();
  }
}
