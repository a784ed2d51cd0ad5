package dev.weir.readout.steer;

import dev.weir.edit.Edit;
import dev.weir.edit.Edits;
import dev.weir.model.Generator;
import dev.weir.model.Sampler;
import dev.weir.model.Transformer;
import dev.weir.readout.TokenScore;
import dev.weir.readout.Wide;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/// What a model says after a prompt when more and more of something is done to its stream: the next
/// token's probabilities, how far they are from the model left alone, and how the text goes on.
public final class SteeringSweep {
  private final List<Step> steps;

  private SteeringSweep(List<Step> steps) {
    this.steps = List.copyOf(steps);
  }

  /// One way to change the run.
  ///
  /// @param label for instance `4` for a coefficient, or `ablated`
  /// @param coefficient how much is added; NaN where that is no number
  /// @param edits what is done; none for the model left alone
  public record Change(String label, double coefficient, List<Edit> edits) {
    public Change {
      edits = List.copyOf(edits);
    }

    /// The model left alone.
    public static Change none() {
      return new Change("0", 0, List.of());
    }
  }

  /// What is to be seen.
  ///
  /// @param top how many of the likeliest tokens to name
  /// @param followed tokens whose probability is wanted
  /// @param maxTokens how many tokens to add to the prompt; 0 for none
  /// @param stopTokens tokens that end a text
  public record Options(int top, List<Integer> followed, int maxTokens, Set<Integer> stopTokens) {
    public Options {
      followed = List.copyOf(followed);
      stopTokens = Set.copyOf(stopTokens);
    }
  }

  /// What the model said under one change.
  ///
  /// @param label of the change
  /// @param coefficient of the change
  /// @param top the likeliest next tokens, first to last
  /// @param followed the probability of each token that is followed
  /// @param klToUnsteered `KL(unsteered ‖ steered)` of the next token, nats
  /// @param continuation what the model added, greedily
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  public record Step(
      String label,
      double coefficient,
      List<TokenScore> top,
      double[] followed,
      double klToUnsteered,
      int[] continuation) {}

  /// Runs a prompt under each change.
  ///
  /// @param model the model
  /// @param prompt the tokens of the prompt
  /// @param changes what is done to the run
  /// @param options what is to be seen
  public static SteeringSweep of(
      Transformer model, int[] prompt, List<Change> changes, Options options) {
    List<Step> steps = new ArrayList<>();
    double[] unsteered = logProbabilities(model, prompt, Hooks.none());
    for (Change change : changes) {
      Hooks hooks = change.edits().isEmpty() ? Hooks.none() : Edits.of(model, change.edits());
      double[] steered = logProbabilities(model, prompt, hooks);
      steps.add(
          new Step(
              change.label(),
              change.coefficient(),
              top(steered, options.top()),
              options.followed().stream().mapToDouble(t -> Math.exp(steered[t])).toArray(),
              kl(unsteered, steered),
              continuation(model, prompt, hooks, options)));
    }
    return new SteeringSweep(steps);
  }

  /// Of the next token after a text, nats.
  static double[] logProbabilities(Transformer model, int[] tokens, Hooks hooks) {
    try (Scope _ = Scope.open()) {
      Tensor logits = model.logits(List.of(tokens), hooks).at("batch", 0);
      return Wide.of(logits.at("pos", tokens.length - 1L)).logSoftmax("d_vocab").toDoubles();
    }
  }

  static double kl(double[] from, double[] to) {
    double sum = 0;
    for (int token = 0; token < from.length; token++) {
      double p = Math.exp(from[token]);
      sum += p == 0 ? 0 : p * (from[token] - to[token]);
    }
    return sum;
  }

  private static List<TokenScore> top(double[] logs, int count) {
    List<TokenScore> top = new ArrayList<>();
    double[] left = logs.clone();
    for (int rank = 0; rank < Math.min(count, logs.length); rank++) {
      int best = 0;
      for (int token = 1; token < left.length; token++) {
        best = left[token] > left[best] ? token : best;
      }
      top.add(new TokenScore(best, Math.exp(logs[best])));
      left[best] = Double.NEGATIVE_INFINITY;
    }
    return top;
  }

  private static int[] continuation(Transformer model, int[] prompt, Hooks hooks, Options options) {
    if (options.maxTokens() == 0) {
      return new int[0];
    }
    int[] whole =
        new Generator(model, Sampler.greedy(), options.stopTokens(), hooks)
            .generate(List.of(prompt), options.maxTokens(), (_, _) -> {})
            .getFirst()
            .tokens();
    return Arrays.copyOfRange(whole, prompt.length, whole.length);
  }

  /// What the model said, one for each change, in their order.
  public List<Step> steps() {
    return steps;
  }
}
