package dev.weir.readout;

/// A token and how likely a model or a lens finds it.
///
/// @param token its id
/// @param probability between 0 and 1
public record TokenScore(int token, double probability) {}
