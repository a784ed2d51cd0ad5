package dev.weir.readout.subvalue;

import dev.weir.WeirException;
import java.io.Serial;

/// A question about subvalues that a run cannot answer.
public final class SubvalueException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private SubvalueException(String what, String where, String fix) {
    super(what, where, fix);
  }

  static SubvalueException tokenOutside(int token, int dVocab) {
    return new SubvalueException(
        "Token %d does not exist in a vocabulary of %,d".formatted(token, dVocab),
        "target",
        "use an id from 0 to %d".formatted(dVocab - 1));
  }

  static SubvalueException needsEveryPosition(int kept, int length) {
    return new SubvalueException(
        "Subvalues need every position of the text, but this trace kept %d of %d"
            .formatted(kept, length),
        "trace",
        "capture all positions");
  }

  static SubvalueException tooMany(int found, long all) {
    return new SubvalueException(
        "%d neurons were found of %d, which leaves too few for a control".formatted(found, all),
        "intervention",
        "intervene on fewer neurons");
  }

  static SubvalueException noControls(int controls) {
    return new SubvalueException(
        "%d random controls are not possible".formatted(controls),
        "intervention",
        "use 2 or more, so that they have an interval");
  }
}
