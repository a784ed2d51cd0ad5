package dev.weir.edit;

import dev.weir.WeirException;
import dev.weir.stream.HookPoint;
import dev.weir.tensor.Shape;
import java.io.Serial;

/// A change that cannot be made to a run.
public final class EditException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private EditException(String what, String where, String fix) {
    super(what, where, fix);
  }

  static EditException noHeads(HookPoint point) {
    return new EditException(
        "'%s' has no heads".formatted(point.name()),
        "edit",
        "leave the heads out, or edit attn.hook_z or attn.hook_result");
  }

  static EditException noSuchHead(HookPoint point, int head, int heads) {
    return new EditException(
        "'%s' has no head %d".formatted(point.name(), head),
        "edit",
        "use heads 0 to %d".formatted(heads - 1));
  }

  static EditException noDirection(HookPoint point) {
    return new EditException(
        "'%s' holds no vectors, so no direction can be added or removed".formatted(point.name()),
        "edit",
        "edit a point of the stream or of a head, such as hook_resid_pre or attn.hook_z");
  }

  static EditException wrongDirection(HookPoint point, Shape found, String expected) {
    return new EditException(
        "A direction of shape %s does not fit '%s', expected %s"
            .formatted(found, point.name(), expected),
        "edit",
        "use a direction taken from this point of this model");
  }

  static EditException lengthZero(HookPoint point) {
    return new EditException(
        "A direction of length 0 points nowhere", point.name(), "use a direction that is not 0");
  }

  static EditException wouldDivideByZero(HookPoint point) {
    return new EditException(
        "'%s' is what a norm divides by, and cannot be 0".formatted(point.name()),
        "edit",
        "zero the norm's hook_normalized instead");
  }

  static EditException wouldUnmask(HookPoint point) {
    return new EditException(
        "Ablating '%s' would let queries see masked keys".formatted(point.name()),
        "edit",
        "ablate attn.hook_pattern or attn.hook_z, or patch the scores from another run");
  }

  static EditException noMean(HookPoint point) {
    return new EditException(
        "'%s' has other keys at each position, so its mean over positions says nothing"
            .formatted(point.name()),
        "edit",
        "replace it by a pattern of your own, or mean-ablate attn.hook_z");
  }

  static EditException lengthsDiffer(HookPoint point, long source, long text) {
    return new EditException(
        "The other run holds %d positions of '%s', but this text has %d"
            .formatted(source, point.name(), text),
        "edit",
        "use texts of equal length, keep every position of the other run, or name the positions to"
            + " change");
  }

  static EditException keysDiffer(HookPoint point, long source, long text) {
    return new EditException(
        "A row of '%s' says which keys it saw, and those of the other run are others (%d and %d keys)"
            .formatted(point.name(), source, text),
        "edit",
        "use texts of equal length, each position from the same position");
  }

  static EditException textsDiffer(HookPoint point, long source, long texts) {
    return new EditException(
        "The other run of '%s' has %d texts, but this one has %d"
            .formatted(point.name(), source, texts),
        "edit",
        "use one text, or as many");
  }

  static EditException padded(HookPoint point) {
    return new EditException(
        "Values cannot be copied position by position between texts of unequal length",
        point.name(),
        "run the texts one by one");
  }

  static EditException wrongValue(HookPoint point, Shape found, Shape expected) {
    return new EditException(
        "A value of shape %s cannot stand at '%s', which has %s"
            .formatted(found, point.name(), expected),
        "edit",
        "use the axes of the point, or some of them");
  }
}
