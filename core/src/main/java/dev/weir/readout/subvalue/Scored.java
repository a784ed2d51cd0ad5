package dev.weir.readout.subvalue;

/// A unit and what it adds.
///
/// @param unit which one
/// @param importance the log-probability increase, nats
/// @param coefficient what the unit's row was multiplied with at the position that is read; 1 for
///   units that are no neurons
public record Scored(Unit unit, double importance, double coefficient) {}
