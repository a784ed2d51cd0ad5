package dev.weir.readout.circuit;

import dev.weir.WeirException;
import java.io.Serial;

/// A question about circuits that a model's weights or a trace cannot answer.
public final class CircuitException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private CircuitException(String what, String where, String fix) {
    super(what, where, fix);
  }

  static CircuitException gainsLeft() {
    return new CircuitException(
        "The norms of this model still have gains",
        "path expansion",
        "fold them, as Circuits.fold does");
  }

  static CircuitException notOnlyMaps(int layer, String why) {
    return new CircuitException(
        "Block %d %s, so its weights alone do not say what it reads".formatted(layer, why),
        "block " + layer,
        "run 'weir contributions', which follows writes of a run");
  }

  static CircuitException routed(String what, String pathway) {
    return new CircuitException(
        "%s take a stream that only adds, but on the pathway %s what arrives of a write depends on the run"
            .formatted(what, pathway),
        "pathway",
        "run 'weir contributions', which follows writes of a run through the pathway");
  }

  static CircuitException noRotary(int layer) {
    return new CircuitException(
        "An offset is given, but queries and keys of block %d are not turned by positions"
            .formatted(layer),
        "block " + layer,
        "leave the offset out");
  }

  static CircuitException noSuchHead(int layer, int head, String heads) {
    return new CircuitException(
        "There is no head %d in a block %d".formatted(head, layer), "circuits", "use " + heads);
  }

  static CircuitException noNeurons(int layer, String what) {
    return new CircuitException(
        "Block %d has no %s".formatted(layer, what),
        "circuits",
        "name another block, or in/gate as its MLP has them");
  }

  static CircuitException noPositions() {
    return new CircuitException(
        "The stream of this model holds no learned positions", "writer", "use another writer");
  }

  static CircuitException notBefore(String writer, String reader) {
    return new CircuitException(
        "Nothing that %s writes is read by %s, which does not come after it"
            .formatted(writer, reader),
        "virtual weights",
        "name a writer that comes before its reader");
  }

  static CircuitException notDirections(String found, int dModel) {
    return new CircuitException(
        "Directions of shape %s do not fit a stream of width %d".formatted(found, dModel),
        "directions",
        "give a matrix [direction, %d]".formatted(dModel));
  }

  static CircuitException tokenOutside(int token, int dVocab) {
    return new CircuitException(
        "Token %d does not exist in a vocabulary of %,d".formatted(token, dVocab),
        "token",
        "use an id from 0 to %d".formatted(dVocab - 1));
  }

  static CircuitException notSquare(long from, long to) {
    return new CircuitException(
        "A map from %d to %d numbers has no eigenvalues".formatted(from, to),
        "factored matrix",
        "ask for its singular values");
  }

  static CircuitException hasMlp(int layer) {
    return new CircuitException(
        "Paths are linear only through attention, but block %d has an MLP".formatted(layer),
        "path expansion",
        "use an attention-only model, or 'weir contributions'");
  }

  static CircuitException tooManyPaths(long paths, long most) {
    return new CircuitException(
        "There are %,d paths, and at most %,d are followed".formatted(paths, most),
        "path expansion",
        "give a smaller order, or look at the orders alone");
  }

  static CircuitException severalTexts(String readout, int texts) {
    return new CircuitException(
        "%s read one text, but this trace holds %d".formatted(readout, texts),
        "trace",
        "trace the texts one by one");
  }

  static CircuitException targetsDiffer(int targets, int positions) {
    return new CircuitException(
        "There are %d targets for %d positions".formatted(targets, positions),
        "path expansion",
        "give one token for each position");
  }

  static CircuitException tooShort(int tokens) {
    return new CircuitException(
        "A text of %d tokens has no earlier one to attend to".formatted(tokens),
        "head detectors",
        "give at least two tokens");
  }

  static CircuitException cannotRepeat(int length, int dVocab, long longest) {
    return new CircuitException(
        "%d random tokens, twice, do not fit a vocabulary of %,d and a text of %,d tokens"
            .formatted(length, dVocab, longest),
        "head detectors",
        "repeat fewer tokens, at least 2");
  }

  static CircuitException notAPart(String name, String does, String examples) {
    return new CircuitException(
        "Nothing that %s is called '%s'".formatted(does, name),
        "virtual weights",
        "use for instance " + examples);
  }
}
