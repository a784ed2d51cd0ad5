package dev.weir.readout.causal;

/// Which run is changed, and where the values that are put into it come from.
public enum Direction {
  /// Clean values go into the corrupted run: what is enough to bring the answer back?
  DENOISE,
  /// Corrupted values go into the clean run: what is needed to keep the answer?
  NOISE
}
