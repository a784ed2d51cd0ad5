package dev.weir.readout;

/// Whether statistics over tokens take in the first position of each text. Its stream, BOS or not,
/// is often unlike any other and decides an average by itself.
public enum FirstPosition {
  /// All positions count.
  KEPT,
  /// The first position of each text does not count.
  LEFT_OUT;

  /// The first index that counts.
  public int from() {
    return this == KEPT ? 0 : 1;
  }

  /// In words.
  @Override
  public String toString() {
    return this == KEPT ? "all positions" : "without the first position";
  }
}
