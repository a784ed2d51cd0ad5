package dev.weir.readout.basis;

import dev.weir.stream.StreamTrace;

/// What the streaming readouts ask of a trace.
final class Rows {

  private Rows() {}

  /// The length of the only text of a trace that kept all its positions.
  static int requireWhole(StreamTrace trace) {
    if (trace.tokens().size() != 1) {
      throw BasisException.severalTexts(trace.tokens().size());
    }
    int length = trace.tokens().getFirst().length;
    if (trace.positions().size() != length) {
      throw BasisException.missingPositions(trace.positions().size(), length);
    }
    return length;
  }
}
