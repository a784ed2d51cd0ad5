package dev.weir.readout.causal;

/// How well a run gives the answer, at the last position of a prompt.
public enum Metric {
  /// The logit of the right answer less that of the wrong one.
  LOGIT_DIFFERENCE("logit difference"),
  /// The log-probability of the right answer, nats.
  LOG_PROBABILITY("log-probability of the answer"),
  /// KL(clean ‖ run) of the distributions over the vocabulary, nats: 0 for the clean run.
  KL_TO_CLEAN("KL(clean ‖ run)");

  private final String words;

  Metric(String words) {
    this.words = words;
  }

  /// What it is, in words.
  public String words() {
    return words;
  }
}
