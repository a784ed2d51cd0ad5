package dev.weir.readout.memory;

/// The middle of many numbers.
///
/// @param low a quarter of them lie below
/// @param median half of them lie below
/// @param high three quarters of them lie below
/// @param count how many there were
public record Quartiles(double low, double median, double high, long count) {}
