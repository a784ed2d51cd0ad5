package dev.weir.readout.steer;

import dev.weir.WeirException;
import java.io.Serial;

/// A model that cannot be steered as asked.
public final class SteerException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private SteerException(String what, String where, String fix) {
    super(what, where, fix);
  }

  static SteerException lengthsDiffer(int plus, int minus) {
    return new SteerException(
        "The two prompts have %d and %d tokens".formatted(plus, minus),
        "activation addition",
        "pad the shorter one with spaces to the same number of tokens");
  }

  static SteerException wrongWidth(String point, int found, int expected) {
    return new SteerException(
        "A direction of width %d does not fit '%s', which has %d".formatted(found, point, expected),
        "steering vector",
        "use a direction taken from this place of this model");
  }

  static SteerException noVector(String point) {
    return new SteerException(
        "'%s' is no place of the stream, so nothing is added there".formatted(point),
        "steering vector",
        "use a place such as blocks.0.hook_resid_pre");
  }

  static SteerException noPairs() {
    return new SteerException(
        "There is no pair of prompts", "contrast", "give at least one prompt of each kind");
  }

  static SteerException severalRows(int rows) {
    return new SteerException(
        "A steering vector for %d positions is no single direction".formatted(rows),
        "directional ablation",
        "ablate a difference of means, or one row of the vector");
  }

  static SteerException lengthZero() {
    return new SteerException(
        "A direction of length 0 points nowhere", "steering vector", "use one that is not 0");
  }

  static SteerException noBehaviour() {
    return new SteerException(
        "No token says whether the behaviour is there",
        "directional ablation",
        "name at least one token, as --target does");
  }

  static SteerException noWeightVersion(String why) {
    return new SteerException(
        "A direction cannot be taken out of these weights: " + why,
        "directional ablation",
        "ablate it in the activations instead");
  }
}
