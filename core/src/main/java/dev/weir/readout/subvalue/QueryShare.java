package dev.weir.readout.subvalue;

/// What a write contributes to what value neurons read.
///
/// @param write who wrote
/// @param share of all that they read, weighted by the neurons' increases, nats; may be negative
public record QueryShare(String write, double share) {}
