package dev.weir.train;

import dev.weir.tensor.AdamW;
import dev.weir.tensor.DType;

/// The numbers that a run depends on besides the model's spec and the texts.
///
/// @param batching what a step reads
/// @param schedule how fast it learns, and for how long
/// @param optimizer how a gradient becomes a step
/// @param execution how it is computed
/// @param seeds where luck comes from
/// @param dropout which share of what enters the stream is left out while training
/// @param looks when and how much of the validation data is looked at
public record TrainingSettings(
    Batching batching,
    Schedule schedule,
    Optimizer optimizer,
    Execution execution,
    Seeds seeds,
    double dropout,
    Looks looks) {
  private static final long USUAL_LOOK = 1 << 16;

  /// What a step reads.
  ///
  /// @param batch how many windows, over all processes and micro-batches
  /// @param window how many predictions a window holds
  /// @param accumulate in how many micro-batches a process reads its share, one after the other, to
  ///   need less memory
  public record Batching(int batch, int window, int accumulate) {}

  /// How a gradient becomes a step.
  ///
  /// @param adamW how gradients are averaged
  /// @param weightDecay how strongly parameters are drawn to zero, those that [Decay] names
  /// @param clip the longest gradient; a longer one is scaled down to it
  public record Optimizer(AdamW.Settings adamW, double weightDecay, double clip) {}

  /// How a step is computed.
  ///
  /// @param dtype how the numbers of a forward pass are stored; parameters and what the optimizer
  ///   keeps are float32
  /// @param activations what is done with what the backward pass needs
  /// @param worldSize how many processes share a batch
  public record Execution(DType dtype, Activations activations, int worldSize) {}

  /// What is done with the values of a forward pass that the backward pass needs.
  public enum Activations {
    /// They stay in memory.
    KEPT,
    /// They are computed again, block by block (Chen et al. 2016, arXiv:1604.06174): a third more
    /// work for much less memory.
    RECOMPUTED
  }

  /// When and how much of the validation data is looked at.
  ///
  /// @param every how many steps lie between two looks; there is one at the end too
  /// @param tokens how many predictions are looked at; a batch more at most, fewer if there are not
  ///   so many
  public record Looks(int every, long tokens) {}

  /// Where luck comes from.
  ///
  /// @param initialization of the numbers that the model starts from
  /// @param order of the order of the texts, and of what dropout leaves out
  public record Seeds(long initialization, long order) {}

  public TrainingSettings {
    if (batching.batch < 1 || batching.window < 1 || looks.every < 1 || looks.tokens < 1) {
      throw TrainException.badSizes(batching.batch, batching.window, looks.every, looks.tokens);
    }
    if (batching.accumulate < 1
        || execution.worldSize < 1
        || batching.batch % ((long) batching.accumulate * execution.worldSize) != 0) {
      throw TrainException.unevenBatch(batching.batch, batching.accumulate, execution.worldSize);
    }
    if (!(optimizer.weightDecay >= 0) || !(optimizer.clip > 0) || !(dropout >= 0 && dropout < 1)) {
      throw TrainException.badRates(optimizer.weightDecay, optimizer.clip, dropout);
    }
    if (!fits(optimizer.adamW)) {
      throw TrainException.badAverages(
          optimizer.adamW.beta1(), optimizer.adamW.beta2(), optimizer.adamW.epsilon());
    }
    if (execution.dtype != DType.FLOAT32 && execution.dtype != DType.BFLOAT16) {
      throw TrainException.badDType(execution.dtype.toString());
    }
  }

  private static boolean fits(AdamW.Settings adamW) {
    return adamW.beta1() >= 0
        && adamW.beta1() < 1
        && adamW.beta2() >= 0
        && adamW.beta2() < 1
        && adamW.epsilon() > 0;
  }

  /// Settings with nothing unusual: float32, one process, a weight decay of 0.1, gradients of
  /// length 1 at most, no dropout, a look at the validation texts twenty times.
  ///
  /// @param batch how many windows a step reads
  /// @param window how many predictions a window holds
  /// @param schedule how fast it learns, and for how long
  public static TrainingSettings usual(int batch, int window, Schedule schedule) {
    return new TrainingSettings(
        new Batching(batch, window, 1),
        schedule,
        new Optimizer(new AdamW.Settings(0.9, 0.95, 1e-8), 0.1, 1),
        new Execution(DType.FLOAT32, Activations.KEPT, 1),
        new Seeds(0, 0),
        0,
        new Looks(Math.max(1, schedule.steps() / 20), USUAL_LOOK));
  }

  /// How many tokens a step predicts.
  public long tokensPerStep() {
    return (long) batching.batch * batching.window;
  }

  /// How many windows a process reads at a time.
  public int microBatch() {
    return batching.batch / (batching.accumulate * execution.worldSize);
  }

  /// The same settings, reading otherwise.
  ///
  /// @param other what a step reads
  public TrainingSettings with(Batching other) {
    return new TrainingSettings(other, schedule, optimizer, execution, seeds, dropout, looks);
  }

  /// The same settings with another optimizer.
  ///
  /// @param other how a gradient becomes a step
  public TrainingSettings with(Optimizer other) {
    return new TrainingSettings(batching, schedule, other, execution, seeds, dropout, looks);
  }

  /// The same settings, computed otherwise.
  ///
  /// @param other how a step is computed
  public TrainingSettings with(Execution other) {
    return new TrainingSettings(batching, schedule, optimizer, other, seeds, dropout, looks);
  }

  /// The same settings with other luck.
  ///
  /// @param other where luck comes from
  public TrainingSettings with(Seeds other) {
    return new TrainingSettings(batching, schedule, optimizer, execution, other, dropout, looks);
  }

  /// The same settings with dropout.
  ///
  /// @param rate which share of what enters the stream is left out while training
  public TrainingSettings withDropout(double rate) {
    return new TrainingSettings(batching, schedule, optimizer, execution, seeds, rate, looks);
  }

  /// The same settings with other looks at the validation data.
  ///
  /// @param other when and how much
  public TrainingSettings with(Looks other) {
    return new TrainingSettings(batching, schedule, optimizer, execution, seeds, dropout, other);
  }

  /// The same settings, looking at the validation data more or less often.
  ///
  /// @param steps how many steps lie between two looks
  public TrainingSettings withLookEvery(int steps) {
    return with(new Looks(steps, looks.tokens));
  }
}
