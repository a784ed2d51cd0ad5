package dev.weir.readout.bandwidth;

import dev.weir.WeirException;
import java.io.Serial;
import java.util.List;

/// A question about bandwidth that a model or a trace cannot answer.
public final class BandwidthException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private BandwidthException(String what, String where, String fix) {
    super(what, where, fix);
  }

  static BandwidthException badEnergy(double energy) {
    return new BandwidthException(
        "A share of the energy cannot be %s".formatted(energy),
        "energy",
        "use a number above 0, up to 1; 0.9 is usual");
  }

  static BandwidthException noSuchReader(String label, List<String> readers) {
    return new BandwidthException(
        "Nobody in this model reads as '%s'".formatted(label),
        "subspace",
        "use one of "
            + String.join(", ", readers.subList(0, Math.min(6, readers.size())))
            + (readers.size() > 6 ? " …" : ""));
  }

  static BandwidthException severalTexts(int texts) {
    return new BandwidthException(
        "Texts are taken one at a time, but this trace holds %d".formatted(texts),
        "trace",
        "trace the texts one by one");
  }

  static BandwidthException missingPositions(int kept, int length) {
    return new BandwidthException(
        "A covariance needs every position, but this trace kept %d of %d".formatted(kept, length),
        "trace",
        "capture every position");
  }

  static BandwidthException tooFewTokens(long tokens) {
    return new BandwidthException(
        "%d tokens have no covariance".formatted(tokens), "bandwidth", "read more text");
  }
}
