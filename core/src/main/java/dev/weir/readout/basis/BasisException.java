package dev.weir.readout.basis;

import dev.weir.WeirException;
import java.io.Serial;
import java.util.List;

/// A question about the basis that a model or a trace cannot answer.
public final class BasisException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private BasisException(String what, String where, String fix) {
    super(what, where, fix);
  }

  static BasisException hasItsBasis(List<String> obstacles) {
    return new BasisException(
        "A rotation would change what this model computes: " + String.join("; ", obstacles),
        "rotation",
        "ask for it as a labelled control, which shows how much it changes");
  }

  static BasisException unknownPathway(String pathway) {
    return new BasisException(
        "Nobody has said how the weights of '%s' meet the stream".formatted(pathway),
        "rotation",
        "add a line for it in StreamWeights");
  }

  static BasisException severalTexts(int texts) {
    return new BasisException(
        "Moments are taken of one text at a time, but this trace holds %d".formatted(texts),
        "trace",
        "trace the texts one by one");
  }

  static BasisException missingPositions(int kept, int length) {
    return new BasisException(
        "Moments need every position, but this trace kept %d of %d".formatted(kept, length),
        "trace",
        "capture every position");
  }

  static BasisException nothingRead() {
    return new BasisException(
        "No text has been read that is long enough", "basis", "read a text of at least two tokens");
  }

  static BasisException badNumber(String what, double number, String fix) {
    return new BasisException("%s cannot be %s".formatted(what, number), "basis", fix);
  }
}
