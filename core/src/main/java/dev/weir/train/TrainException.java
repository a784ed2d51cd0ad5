package dev.weir.train;

import dev.weir.WeirException;
import java.io.Serial;

/// A training run that cannot start or cannot go on.
public final class TrainException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private TrainException(String what, String where, String fix) {
    super(what, where, fix);
  }

  private TrainException(String what, String where, String fix, Throwable cause) {
    super(what, where, fix, cause);
  }

  static TrainException badSchedule(int steps, int warmup, double peak, double floor) {
    return new TrainException(
        "%,d steps, of which %,d warm up, between learning rates %s and %s, make no schedule"
            .formatted(steps, warmup, floor, peak),
        "schedule",
        "use at least 1 step, a warm-up shorter than that, and 0 <= floor <= peak");
  }

  static TrainException badSizes(int batch, int window, int validateEvery) {
    return new TrainException(
        "batch %d, window %d and %d steps between validations cannot be trained with"
            .formatted(batch, window, validateEvery),
        "training settings",
        "use at least 1 for each");
  }

  static TrainException badRates(double weightDecay, double clip, double dropout) {
    return new TrainException(
        "weight decay %s, clip %s and dropout %s cannot be trained with"
            .formatted(weightDecay, clip, dropout),
        "training settings",
        "use a weight decay of at least 0, a clip above 0 and a dropout from 0 to below 1");
  }

  static TrainException noTexts() {
    return new TrainException(
        "There are no texts to learn from", "corpus", "give at least one text");
  }

  static TrainException tooShort(long tokens, int window) {
    return new TrainException(
        "The texts have %,d tokens, which do not fill a window of %,d predictions"
            .formatted(tokens, window),
        "corpus",
        "give more text, or a shorter window");
  }

  static TrainException windowTooLong(int window, long longest) {
    return new TrainException(
        "A window of %,d tokens is longer than the %,d that this model reads"
            .formatted(window, longest),
        "training settings",
        "use a shorter window, or a model with a larger n_ctx");
  }

  static TrainException diverged(int step, double loss) {
    return new TrainException(
        "The loss is %s".formatted(loss),
        "step " + step,
        "use a lower learning rate, a longer warm-up or a smaller clip");
  }

  static TrainException unwritableCheckpoint(String folder, Throwable cause) {
    return new TrainException(
        "The checkpoint cannot be written: " + cause.getClass().getSimpleName(),
        folder,
        "check that the folder may be written and has room",
        cause);
  }

  static TrainException unreadableCheckpoint(String folder, Throwable cause) {
    return new TrainException(
        "The checkpoints cannot be listed: " + cause.getClass().getSimpleName(),
        folder,
        "check that the folder may be read",
        cause);
  }

  static TrainException badState(String file, Throwable cause) {
    return new TrainException(
        "This is not the state of a training run",
        file,
        "go on from another checkpoint, or start anew",
        cause);
  }

  static TrainException wrongState(String name, String found, String expected, String file) {
    return new TrainException(
        "'%s' is %s, expected %s".formatted(name, found, expected),
        file,
        "go on from another checkpoint, or start anew");
  }

  static TrainException badLogLine(String file, int line, String why, Throwable cause) {
    return new TrainException(
        "This line is not a log entry: " + why,
        "%s, line %d".formatted(file, line),
        "use a log that Weir wrote, or remove the line",
        cause);
  }

  static TrainException unreadableLog(String file, Throwable cause) {
    return new TrainException(
        "The log cannot be read: " + cause.getClass().getSimpleName(),
        file,
        "check that it is there and may be read",
        cause);
  }

  static TrainException unwritableLog(String file, Throwable cause) {
    return new TrainException(
        "The log cannot be written: " + cause.getClass().getSimpleName(),
        file,
        "check that the folder is there, may be written and has room",
        cause);
  }
}
