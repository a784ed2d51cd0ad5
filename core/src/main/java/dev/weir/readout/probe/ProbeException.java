package dev.weir.readout.probe;

import dev.weir.WeirException;
import java.io.IOException;
import java.io.Serial;
import java.util.List;

/// A set of labelled values that no probe can be fitted to.
public final class ProbeException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private ProbeException(String what, String where, String fix) {
    super(what, where, fix);
  }

  private ProbeException(String what, String where, String fix, Throwable cause) {
    super(what, where, fix, cause);
  }

  static ProbeException oneClass(List<String> classes) {
    return new ProbeException(
        "There are labels of %d class: %s".formatted(classes.size(), classes),
        "labels",
        "give texts of two classes at least");
  }

  static ProbeException tooFew(String label, int count) {
    return new ProbeException(
        "Label '%s' stands at %d text, and one has to be held out".formatted(label, count),
        "labels",
        "give at least two texts of each class, or --probe ridge where labels are numbers");
  }

  static ProbeException tooFewRows(int rows) {
    return new ProbeException(
        "There are %d labelled texts, too few to fit a probe and to hold some out".formatted(rows),
        "labels",
        "give at least ten");
  }

  static ProbeException notANumber(String label) {
    return new ProbeException(
        "'%s' is no number".formatted(label), "labels", "give numbers, or let labels be classes");
  }

  static ProbeException badPenalty(double penalty) {
    return new ProbeException(
        "A penalty of %s is not possible".formatted(penalty), "penalty", "use 0 or more");
  }

  static ProbeException badShare(double share) {
    return new ProbeException(
        "%s of the texts cannot be held out".formatted(share),
        "held-out share",
        "use a share between 0 and 1, such as 0.2");
  }

  static ProbeException noVector(String point) {
    return new ProbeException(
        "'%s' holds no vector for each position".formatted(point),
        "probe",
        "probe a place of the stream or of a sublayer, such as blocks.0.hook_resid_post");
  }

  static ProbeException noPosition(int position, int length) {
    return new ProbeException(
        "A text of %d tokens has no position %d".formatted(length, position),
        "position",
        "use 0 to %d, or -1 for the last".formatted(length - 1));
  }

  static ProbeException noCommonClass(String output) {
    return new ProbeException(
        "There is no direction that belongs to '%s' alone".formatted(output),
        "probe",
        "name one of the probe's classes");
  }

  static ProbeException disk(String doing, IOException cause) {
    return new ProbeException(
        "Values cannot be %s disk: %s".formatted(doing, cause.getClass().getSimpleName()),
        "temporary folder",
        "check that it may be written and has room, or probe fewer texts or places",
        cause);
  }

  static ProbeException tooFewPoints(long points) {
    return new ProbeException(
        "A circle of %d points says nothing".formatted(points),
        "cyclic vocabulary",
        "use at least 3 tokens");
  }

  static ProbeException noConvergence(int steps) {
    return new ProbeException(
        "The logistic probe has not settled after %d steps".formatted(steps),
        "logistic probe",
        "use a larger penalty, or --probe lda");
  }
}
