package dev.weir.readout;

import dev.weir.WeirException;
import java.io.Serial;
import java.util.List;

/// A question that a trace cannot answer.
public final class ReadoutException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private ReadoutException(String what, String where, String fix) {
    super(what, where, fix);
  }

  static ReadoutException severalTexts(String readout, int texts) {
    return new ReadoutException(
        "%s reads one text, but this trace holds %d".formatted(readout, texts),
        "trace",
        "trace the texts one by one");
  }

  static ReadoutException noSuchPlace(String point) {
    return new ReadoutException(
        "The stream of this model has no place '%s' to decompose".formatted(point),
        "decomposition",
        "use a hook_resid_pre, hook_resid_mid or hook_resid_post of the model");
  }

  static ReadoutException noSuchReader(String name, List<String> readers) {
    return new ReadoutException(
        "Nothing in this model reads the stream at '%s'".formatted(name),
        "reader",
        "use one of " + String.join(", ", readers));
  }

  static ReadoutException noReadingWeights(String point) {
    return new ReadoutException(
        "What reads '%s' has no weights to measure by".formatted(point),
        "contributions",
        "measure the stream itself, or leave this reader out");
  }

  static ReadoutException noSuchPosition(int index, int kept) {
    return new ReadoutException(
        "There is no kept position %d in this trace".formatted(index),
        "readout",
        "use 0 to %d, the index among the positions that were kept".formatted(kept - 1));
  }

  static ReadoutException noSuchPlaces(int from, int to, int places) {
    return new ReadoutException(
        "Places %d to %d are no part of the %d places of the stream".formatted(from, to, places),
        "lens",
        "take some of them; the end lies one past the last");
  }

  static ReadoutException noSuchPart(String label) {
    return new ReadoutException(
        "Nothing in this model is called '%s'".formatted(label),
        "readout",
        "use a label such as embed, L0H3, 0_mlp_out or 0_attn_bias");
  }

  static ReadoutException tokenOutside(int token, int dVocab) {
    return new ReadoutException(
        "Token %d does not exist in a vocabulary of %,d".formatted(token, dVocab),
        "target",
        "use an id from 0 to %d".formatted(dVocab - 1));
  }

  static ReadoutException needsEveryPosition(int layer) {
    return new ReadoutException(
        "Source tokens need the values of every position, but this trace kept one",
        "block " + layer,
        "capture every position");
  }

  static ReadoutException nothingToPredict() {
    return new ReadoutException(
        "A text of one token has nothing to predict",
        "text",
        "score a text of at least two tokens");
  }

  static ReadoutException scoresDiffer(long scores, int tokens) {
    return new ReadoutException(
        "There are scores for %d positions, but the text has %d tokens".formatted(scores, tokens),
        "text score",
        "give the logits of every position of this text");
  }

  static ReadoutException pathwayNeedsEveryPosition(String readout) {
    return new ReadoutException(
        "%s on this pathway needs every position, since a write reaches later ones"
            .formatted(readout),
        "trace",
        "capture all positions of the text");
  }
}
