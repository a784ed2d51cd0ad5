package dev.weir.readout.causal;

import dev.weir.WeirException;
import dev.weir.stream.NearestNames;
import java.io.Serial;
import java.util.List;

/// An intervention that cannot be made or that says nothing.
public final class CausalException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private CausalException(String what, String where, String fix) {
    super(what, where, fix);
  }

  static CausalException lengthsDiffer(int clean, int corrupt, String where) {
    return new CausalException(
        "The clean prompt has %d tokens and the corrupted one %d".formatted(clean, corrupt),
        where,
        "exchange words for others of as many tokens, so that the prompts align token by token");
  }

  static CausalException samePrompts(String where) {
    return new CausalException(
        "The clean and the corrupted prompt are the same", where, "exchange what is asked about");
  }

  static CausalException pairLengthsDiffer(int first, int other, String where) {
    return new CausalException(
        "This pair has %d tokens, and those before it %d".formatted(other, first),
        where,
        "give pairs of one length where positions are told apart, or run them one by one");
  }

  static CausalException noPairs() {
    return new CausalException("There is no pair of prompts", "patching", "give one at least");
  }

  static CausalException noDistance(String metric) {
    return new CausalException(
        "The %s is the same in both runs, so nothing can be brought back".formatted(metric),
        "metric",
        "use a pair whose answers differ, or name other tokens with --answer and --wrong");
  }

  static CausalException unknownSite(String name) {
    List<String> sites = ActivationSite.all();
    String local = name.replaceFirst("^.*hook_", "");
    return new CausalException(
        "There is no site '%s' to patch".formatted(name),
        "--site",
        "use one of %s; the nearest is %s"
            .formatted(String.join(", ", sites), NearestNames.of(local, sites, 1).getFirst()));
  }

  static CausalException noHeads(String site) {
    return new CausalException(
        "'%s' is not told apart by heads".formatted(site),
        "--site",
        "use z, q, k, v or pattern, or leave the heads out");
  }

  static CausalException noSuchCell(String cell) {
    return new CausalException(
        "There is no cell %s in this grid".formatted(cell), "grid", "use a place of cells()");
  }

  static CausalException noSuchSite(String site) {
    return new CausalException(
        "No block of this model has a '%s'".formatted(site),
        "--site",
        "use a site that it has, such as resid_pre or attn_out");
  }

  static CausalException tokenOutside(int token, int dVocab, String where) {
    return new CausalException(
        "Token %d does not exist in a vocabulary of %,d".formatted(token, dVocab),
        where,
        "use an id from 0 to %d".formatted(dVocab - 1));
  }

  static CausalException flatMetric() {
    return new CausalException(
        "KL(clean ‖ run) is flat at the clean run, so its gradient there says nothing",
        "attribution",
        "use the direction denoise, or another metric");
  }

  static CausalException noSuchReceiver(String receiver, int layers) {
    return new CausalException(
        "This model of %d blocks has no receiver '%s'".formatted(layers, receiver),
        "path patching",
        "use logits, a head's input such as L1H0.q, or an MLP's such as 1_mlp_in");
  }

  static CausalException noSender() {
    return new CausalException(
        "No head and no MLP comes before these receivers",
        "path patching",
        "name a receiver in a later block");
  }

  static CausalException noSteps(int steps) {
    return new CausalException(
        "%d steps are none".formatted(steps), "integrated gradients", "use at least 1 step");
  }

  static CausalException noSubject(int first, int end, int length) {
    return new CausalException(
        "Positions %d to %d are no part of a prompt of %d tokens".formatted(first, end - 1, length),
        "subject",
        "name positions of the prompt that come before its end");
  }

  static CausalException noSuchComponent(String label) {
    return new CausalException(
        "This model has no component '%s'".formatted(label),
        "ablation",
        "name a head, an MLP or neurons that it has, such as L0H1");
  }

  static CausalException answersAreNoTokens() {
    return new CausalException(
        "What this model answers are no tokens of its texts, so there is no cross entropy",
        "ablation",
        "patch its heads instead, with pairs of prompts and answers");
  }

  static CausalException needsOtherText() {
    return new CausalException(
        "Resampling takes values from another text, and none is given",
        "ablation",
        "give two texts at least, or replace by zero or the mean");
  }

  static CausalException otherTextTooShort(int length, int other) {
    return new CausalException(
        "The other text has %d tokens, and this one %d".formatted(other, length),
        "ablation",
        "resample from texts that are as long at least");
  }

  static CausalException nothingToPredict() {
    return new CausalException(
        "A text of one token has nothing to predict", "ablation", "give two tokens at least");
  }

  static CausalException nothingLearned() {
    return new CausalException(
        "There is no mean yet, since no text was learned", "ablation", "learn texts first");
  }

  static CausalException noTexts() {
    return new CausalException("There is no text", "intervention", "give one at least");
  }

  static CausalException badNoise(int window, double noise, int copies) {
    return new CausalException(
        "A window of %d blocks, %s standard deviations of noise and %d copies are not possible"
            .formatted(window, noise, copies),
        "causal tracing",
        "use 1 block, some noise and 1 copy at least");
  }

  static CausalException nothingToAblate() {
    return new CausalException(
        "There is nothing to ablate", "ablation", "name heads, MLPs or neurons of the model");
  }
}
