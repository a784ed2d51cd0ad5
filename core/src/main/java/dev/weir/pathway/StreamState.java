package dev.weir.pathway;

/// What of the past a block meets: it decides whether blocks can change places.
public enum StreamState {
  /// One vector for each position, which the stream itself is: whatever made it, a block can go on
  /// from it.
  VECTOR,
  /// A fixed number of vectors for each position, all of which every block reads and writes.
  LANES,
  /// What earlier blocks wrote, told apart by which block it was: the weights of a reader are meant
  /// for that many blocks before it.
  HISTORY
}
