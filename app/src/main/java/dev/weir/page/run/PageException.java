package dev.weir.page.run;

import dev.weir.WeirException;
import java.io.Serial;
import java.util.List;

/// Something that the stream page was asked for and cannot do.
public final class PageException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private final Kind kind;

  /// What sort of problem it is; the HTTP status follows from it.
  public enum Kind {
    /// The question cannot be answered as it was asked.
    BAD_REQUEST,
    /// There is no such thing.
    NOT_FOUND,
    /// It was asked by somebody who may not.
    FORBIDDEN,
    /// Somebody else changed it meanwhile, or the name is taken.
    CONFLICT,
    /// It is longer or larger than allowed.
    TOO_LARGE,
    /// What it needs is not there now: a file that cannot be read, a full disk.
    UNAVAILABLE,
    /// It is of a type that is not taken here.
    WRONG_TYPE
  }

  /// A problem in three parts.
  ///
  /// @param kind what sort of problem it is
  /// @param what what is wrong, with the numbers involved
  /// @param where what it is about
  /// @param fix what to do about it
  public PageException(Kind kind, String what, String where, String fix) {
    super(what, where, fix);
    this.kind = kind;
  }

  static PageException noModel(String id, int models) {
    return new PageException(
        Kind.NOT_FOUND,
        "There is no model '%s'; %d were chosen when the page was started".formatted(id, models),
        "model",
        "ask /api/models which there are");
  }

  static PageException noRun(String id) {
    return new PageException(
        Kind.NOT_FOUND,
        "There is no run '%s' here".formatted(id),
        "run",
        "run the prompt again: POST /api/runs");
  }

  static PageException promptTooLong(int tokens, long longest, String model) {
    return new PageException(
        Kind.TOO_LARGE,
        "The prompt has %d tokens, and %s takes at most %d".formatted(tokens, model, longest),
        "prompt",
        "shorten it");
  }

  static PageException emptyPrompt() {
    return new PageException(
        Kind.BAD_REQUEST, "The prompt has no tokens", "prompt", "type some text");
  }

  static PageException outsidePlane(Window window, int places, int positions) {
    return new PageException(
        Kind.BAD_REQUEST,
        "The window %s lies outside the plane of %d places and %d positions"
            .formatted(window, places, positions),
        "window",
        "ask for a part of the plane");
  }

  static PageException noDirection(String id) {
    return new PageException(
        Kind.NOT_FOUND,
        "There is no direction '%s' here".formatted(id),
        "direction",
        "make it again: POST /api/directions");
  }

  static PageException wrongWidth(long width, long wanted) {
    return new PageException(
        Kind.BAD_REQUEST,
        "The direction has %d numbers, and the stream of this model %d".formatted(width, wanted),
        "direction",
        "use a direction of a model of the same width");
  }

  /// A request that lacks something.
  ///
  /// @param name of what is missing
  /// @param fix how to say it
  public static PageException missing(String name, String fix) {
    return new PageException(Kind.BAD_REQUEST, "There is no '%s'".formatted(name), name, fix);
  }

  static PageException noReading(String id, List<String> known) {
    return new PageException(
        Kind.BAD_REQUEST,
        "There is no reading '%s'".formatted(id),
        "reading",
        "use one of " + String.join(", ", known));
  }

  static PageException tooManyCells(long cells, long most) {
    return new PageException(
        Kind.TOO_LARGE,
        "The window has %d cells, and %d are told in detail at a time".formatted(cells, most),
        "window",
        "ask for a smaller part of the plane");
  }

  static PageException noPosition(int position, int length) {
    return new PageException(
        Kind.BAD_REQUEST,
        "There is no position %d in a prompt of %d tokens".formatted(position, length),
        "positions",
        "use 0 to %d, or -1 for the last".formatted(length - 1));
  }

  static PageException notAligned(int length, int other) {
    return new PageException(
        Kind.BAD_REQUEST,
        "The prompt has %d tokens and the other %d, and nothing says which belong together"
            .formatted(length, other),
        "patch",
        "name the positions to change, and from which positions of the other prompt");
  }

  static PageException mapDoesNotFit(int positions, int from) {
    return new PageException(
        Kind.BAD_REQUEST,
        "%d positions are to be changed from %d".formatted(positions, from),
        "patch",
        "name as many of each");
  }

  static PageException behindTheStream(String hook) {
    return new PageException(
        Kind.BAD_REQUEST,
        "'%s' lies behind the stream, where the page does not look".formatted(hook),
        "change",
        "change the stream before it: hook_resid_post of the last block");
  }

  static PageException noNeurons(String hook) {
    return new PageException(
        Kind.BAD_REQUEST,
        "'%s' is not one place with neurons".formatted(hook),
        "change",
        "leave the neurons out, or name mlp.hook_post of one block");
  }

  static PageException noNeuron(int neuron, int neurons, String hook) {
    return new PageException(
        Kind.BAD_REQUEST,
        "There is no neuron %d at '%s'".formatted(neuron, hook),
        "change",
        "use 0 to %d".formatted(neurons - 1));
  }

  static PageException pointsNowhere(String id) {
    return new PageException(
        Kind.BAD_REQUEST,
        "The direction '%s' has length 0 and cannot be brought to the stream's".formatted(id),
        "change",
        "use another direction, or count in the direction as it is");
  }

  static PageException noStreamUnit(String hook) {
    return new PageException(
        Kind.BAD_REQUEST,
        "'%s' holds no vectors of the stream's width whose length could be a unit".formatted(hook),
        "change",
        "count in the direction as it is, or steer a point such as hook_resid_pre");
  }

  /// What sort of problem it is.
  public Kind kind() {
    return kind;
  }
}
