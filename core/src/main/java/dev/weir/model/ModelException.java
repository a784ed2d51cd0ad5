package dev.weir.model;

import dev.weir.WeirException;
import java.io.Serial;
import java.util.List;

/// A model that cannot be put together, or a run that it cannot make.
public final class ModelException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private ModelException(String what, String where, String fix) {
    super(what, where, fix);
  }

  static ModelException impossibleSpec(String family, List<String> problems) {
    return new ModelException(
        String.join("; ", problems), "the " + family + " model's config", "correct these values");
  }

  static ModelException missing(List<String> names, String where) {
    return new ModelException(
        "%d weights are missing: %s".formatted(names.size(), some(names)),
        where,
        "use a complete copy of the model, or a config that matches the weights");
  }

  static ModelException spare(List<String> names, String where) {
    return new ModelException(
        "%d weights belong to nothing in this model: %s".formatted(names.size(), some(names)),
        where,
        "use a config that matches the weights");
  }

  static ModelException wrongShape(String name, String found, String expected, String where) {
    return new ModelException(
        "'%s' has shape %s, expected %s".formatted(name, found, expected),
        where,
        "use a config that matches the weights");
  }

  static ModelException tooLong(long tokens, long nCtx) {
    return new ModelException(
        "The text has %,d tokens, but this model reads at most %,d".formatted(tokens, nCtx),
        "prompt",
        "shorten the prompt, or ask for fewer tokens");
  }

  static ModelException tokenOutside(int token, int dVocab) {
    return new ModelException(
        "Token %d does not exist in a vocabulary of %,d".formatted(token, dVocab),
        "tokens",
        "use ids from 0 to %d".formatted(dVocab - 1));
  }

  static ModelException badSampler(double temperature, int topK, double topP) {
    return new ModelException(
        "temperature %s, top-k %d and top-p %s cannot be sampled with"
            .formatted(temperature, topK, topP),
        "sampling",
        "use a temperature of at least 0, a top-k of at least 0 and a top-p above 0 and at most 1");
  }

  static ModelException noTokens() {
    return new ModelException(
        "There is nothing to run: the prompt has no tokens",
        "prompt",
        "give a prompt of at least one token, or let a BOS be prepended with --bos");
  }

  static ModelException notFinite(String name, String where) {
    return new ModelException(
        "'%s' holds NaN or infinite numbers".formatted(name),
        where,
        "download the file again, or train it again: such a model computes nothing");
  }

  static ModelException cannotFold(String step, String why) {
    return new ModelException(
        "%s would change what this model computes: %s".formatted(step, why),
        "folding",
        "leave this step out");
  }

  static ModelException notNumbers(String name, String dtype, String where) {
    return new ModelException(
        "'%s' is stored as %s, which no model's weights are".formatted(name, dtype),
        where,
        "save it as float32, bfloat16 or float16");
  }

  private static String some(List<String> names) {
    return names.size() <= 4
        ? String.join(", ", names)
        : String.join(", ", names.subList(0, 4)) + ", ...";
  }
}
