package dev.weir.readout.memory;

import dev.weir.WeirException;
import java.io.Serial;

/// A question about the stream as a memory that has no answer.
public final class MemoryException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private MemoryException(String what, String where, String fix) {
    super(what, where, fix);
  }

  static MemoryException unknownWrite(String label) {
    return new MemoryException(
        "'%s' is nothing that writes".formatted(label),
        "write",
        "name one as embed, L0H3 (a head), 0_attn_out, 0_mlp_out, 0_local_out or L0N17 (a neuron)");
  }

  static MemoryException noSuchWrite(String label, String has) {
    return new MemoryException("This model has no '%s'".formatted(label), "write", "it has " + has);
  }

  static MemoryException positionOutside(int position, int length) {
    return new MemoryException(
        "There is no position %d in a text of %d tokens".formatted(position, length),
        "position",
        "use %d to %d; negative ones count from the end".formatted(-length, length - 1));
  }

  static MemoryException nothingLeft(int length) {
    return new MemoryException(
        "A text of %d token has no position after the first".formatted(length),
        "text",
        "give a longer text");
  }

  static MemoryException everyPosition(String readout) {
    return new MemoryException(
        readout + " needs every position of a text, but this trace kept one",
        "trace",
        "capture every position");
  }

  static MemoryException wrongDirection(long found, int dModel) {
    return new MemoryException(
        "The direction has %d numbers, but the stream has %d".formatted(found, dModel),
        "direction",
        "use a direction of this model's stream");
  }

  static MemoryException noDirection() {
    return new MemoryException(
        "The direction has length 0 or holds numbers that are not finite",
        "direction",
        "use one that points somewhere");
  }

  static MemoryException nothingRead() {
    return new MemoryException("No text was read", "readout", "read one text at least");
  }

  static MemoryException noSuchPlace(String place, String places) {
    return new MemoryException(
        "The curve has no place '%s'".formatted(place), "readout", "it has " + places);
  }

  static MemoryException noSuchBlocks(int from, int to, int layers) {
    return new MemoryException(
        "The blocks %d to %d are not in a model of %d".formatted(from, to, layers),
        "range",
        "use blocks from 0 to %d".formatted(layers - 1));
  }

  static MemoryException neverMeet(String cleaner, String writer) {
    return new MemoryException(
        "'%s' does not write after '%s'".formatted(cleaner, writer),
        "readout",
        "name a writer and one who writes later, both as the table names them");
  }

  static MemoryException noDelta(String pathway) {
    return new MemoryException(
        "A delta audit has no meaning on the pathway %s, which has no gate, direction or target"
            .formatted(pathway),
        "pathway",
        "use a model on ddl, or read the curve of a write, which shows forgetting on any pathway");
  }

  static MemoryException cannotAblate(String label) {
    return new MemoryException(
        "'%s' cannot be taken away by itself".formatted(label),
        "component",
        "take away a head (L0H3), an attention layer (0_attn_out) or an MLP (0_mlp_out)");
  }
}
