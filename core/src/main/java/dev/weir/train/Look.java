package dev.weir.train;

/// How well a model does on what it is not trained on.
///
/// @param loss the mean cross entropy of the predictions that count, nats
/// @param accuracy how often its first choice is right, from 0 to 1
public record Look(double loss, double accuracy) {}
