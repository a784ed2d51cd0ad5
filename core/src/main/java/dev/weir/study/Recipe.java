package dev.weir.study;

import dev.weir.train.Schedule;
import dev.weir.train.TrainingSettings;

/// How every model of a study is trained; the same for all of them.
///
/// @param batch how many tokens a step predicts, to the nearest whole example
/// @param tokens how many tokens the baseline reads in all
/// @param peak the highest learning rate
/// @param warmup the share of the steps that go up
/// @param decay the share of the steps that go down, along a straight line to zero
/// @param weightDecay how strongly parameters are drawn to zero
/// @param looks how often the validation data are looked at on the way
/// @param lookTokens how many predictions a look scores
public record Recipe(
    int batch,
    long tokens,
    double peak,
    double warmup,
    double decay,
    double weightDecay,
    int looks,
    long lookTokens) {

  /// The same with another batch.
  ///
  /// @param tokens how many tokens a step predicts
  Recipe withBatch(int tokens) {
    return new Recipe(tokens, this.tokens, peak, warmup, decay, weightDecay, looks, lookTokens);
  }

  /// How many steps read so many tokens.
  ///
  /// @param window how many predictions an example holds
  public int steps(int window) {
    return Math.toIntExact(
        Math.max(1, Math.round((double) tokens / ((long) examples(window) * window))));
  }

  /// How many examples a step reads.
  private int examples(int window) {
    return Math.max(1, (int) Math.round((double) batch / window));
  }

  /// The settings of a run.
  ///
  /// @param steps how many steps it has
  /// @param window how many predictions an example holds
  /// @param rate what the highest learning rate is multiplied with
  /// @param seed where its luck comes from
  public TrainingSettings settings(int steps, int window, double rate, long seed) {
    Schedule schedule =
        new Schedule.WarmupStableDecay(
            steps,
            (int) Math.floor(warmup * (steps - 1)),
            (int) Math.floor(decay * (steps - 1)),
            peak * rate,
            0);
    TrainingSettings usual = TrainingSettings.usual(examples(window), window, schedule);
    return usual
        .with(
            new TrainingSettings.Optimizer(
                usual.optimizer().adamW(), weightDecay, usual.optimizer().clip()))
        .with(new TrainingSettings.Seeds(seed, seed))
        .with(new TrainingSettings.Looks(Math.max(1, steps / looks), lookTokens));
  }
}
