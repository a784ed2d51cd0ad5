package dev.weir.train;

import java.util.OptionalDouble;

/// What became of one step; losses in nats per token.
///
/// @param step from 1
/// @param tokens how many tokens have been predicted so far
/// @param trainLoss the mean cross entropy of this step's windows, before its update
/// @param validationLoss the mean cross entropy of the validation texts after the update, if looked
///   at
/// @param learningRate of the update
/// @param gradientNorm the length of the gradient before clipping
/// @param tokensPerSecond how fast this step was, validation left out
public record TrainingStep(
    int step,
    long tokens,
    double trainLoss,
    OptionalDouble validationLoss,
    double learningRate,
    double gradientNorm,
    double tokensPerSecond) {}
