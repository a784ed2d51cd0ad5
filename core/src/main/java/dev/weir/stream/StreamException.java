package dev.weir.stream;

import dev.weir.WeirException;
import java.io.Serial;
import java.util.List;

/// A place or a record of a run that does not exist.
public final class StreamException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private static final int NEAREST = 4;

  private StreamException(String what, String where, String fix) {
    super(what, where, fix);
  }

  static StreamException unknownHookPoint(String name) {
    return new StreamException(
        "There is no hook point '%s'".formatted(name),
        "hook point",
        "use a TransformerLens name; the nearest are %s; 'weir models PATH --points' lists those of a model"
            .formatted(String.join(", ", NearestNames.of(name, HookPoint.names(name), NEAREST))));
  }

  static StreamException nothingMatches(String glob, List<String> available) {
    return new StreamException(
        "No hook point of this model matches '%s'".formatted(glob),
        "--points",
        "use one of its points; the nearest are "
            + String.join(", ", NearestNames.of(glob, available, NEAREST)));
  }

  static StreamException notCaptured(HookPoint point, int captured) {
    return new StreamException(
        "'%s' is not in this trace, which holds %d hook points".formatted(point.name(), captured),
        "trace",
        "name the point in the Capture when the model is run");
  }

  static StreamException noLogits() {
    return new StreamException(
        "This trace has no logits, since the run stopped before the unembedding",
        "trace",
        "leave Capture.withoutLogits() out when the model is run");
  }

  static StreamException positionOutside(int position, int length) {
    return new StreamException(
        "Position %d does not exist in a text of %d tokens".formatted(position, length),
        "positions",
        "use 0 to %d, or -1 for the last".formatted(length - 1));
  }

  static StreamException notKept(int from, int to, List<Integer> kept) {
    return new StreamException(
        "The trace has no positions %d to %d; it kept %d, from %d"
            .formatted(from, to, kept.size(), kept.isEmpty() ? 0 : kept.getFirst()),
        "positions",
        "take a part, not empty, of a trace that kept every position; ends lie one past the last");
  }
}
