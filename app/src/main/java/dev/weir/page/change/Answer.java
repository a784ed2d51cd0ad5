package dev.weir.page.change;

import dev.weir.page.run.Positions;
import dev.weir.page.run.PromptRun;
import dev.weir.tensor.Tensor;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// What the model says next at one position of a run: the whole distribution.
final class Answer {
  private final double[] logits;
  private final double[] logs;

  private Answer(double[] logits, double[] logs) {
    this.logits = logits;
    this.logs = logs;
  }

  /// Of a run; for the engine's thread alone.
  ///
  /// @param run which run
  /// @param position from 0; negative counts from the end
  static Answer of(PromptRun run, int position) {
    Tensor logits = run.logits(Positions.require(position, run.length()));
    return new Answer(logits.toDoubles(), logits.logSoftmax("d_vocab").toDoubles());
  }

  /// How many tokens there are.
  int vocabulary() {
    return logits.length;
  }

  double logit(int token) {
    return logits[token];
  }

  double probability(int token) {
    return Math.exp(logs[token]);
  }

  /// How many tokens are likelier.
  int rank(int token) {
    int likelier = 0;
    for (double logit : logits) {
      likelier += logit > logits[token] ? 1 : 0;
    }
    return likelier;
  }

  /// The likeliest tokens, first to last; of equals, the first of the vocabulary.
  List<Integer> top(int count) {
    return IntStream.range(0, logits.length)
        .boxed()
        .sorted(Comparator.comparingDouble(token -> -logits[token]))
        .limit(count)
        .toList();
  }

  /// Nats.
  double entropy() {
    double sum = 0;
    for (double log : logs) {
      sum -= log == Double.NEGATIVE_INFINITY ? 0 : Math.exp(log) * log;
    }
    return sum;
  }

  /// `KL(this ‖ other)`, nats.
  double divergence(Answer other) {
    double sum = 0;
    for (int token = 0; token < logs.length; token++) {
      double p = probability(token);
      sum += p == 0 ? 0 : p * (logs[token] - other.logs[token]);
    }
    return sum;
  }
}
