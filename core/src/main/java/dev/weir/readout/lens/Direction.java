package dev.weir.readout.lens;

import java.util.Arrays;

/// A direction of the stream with a name.
///
/// @param label its name
/// @param vector its numbers, `d_model` of them
@SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
public record Direction(String label, double[] vector) {

  public Direction {
    vector = vector.clone();
  }

  @Override
  public double[] vector() {
    return vector.clone();
  }

  /// Its Euclidean length.
  public double length() {
    return Math.sqrt(Arrays.stream(vector).map(x -> x * x).sum());
  }
}
