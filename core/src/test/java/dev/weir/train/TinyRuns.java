package dev.weir.train;

import dev.weir.model.TransformerSpec;
import dev.weir.tensor.AdamW;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Runs that take a second: a model of two layers, and a source of which it is known how well it
/// can be predicted.
final class TinyRuns {
  static final int VOCAB = 16;
  static final int WINDOW = 16;

  private TinyRuns() {}

  static ModelSettings model() {
    return new ModelSettings(
        "pre_norm",
        32,
        2,
        4,
        2,
        48,
        VOCAB,
        WINDOW,
        ModelSettings.NormKind.RMS,
        ModelSettings.MlpKind.GATED,
        ModelSettings.Positions.ROTARY,
        ModelSettings.Head.TIED);
  }

  static TransformerSpec spec() {
    return model().spec();
  }

  static TrainingSettings settings(int steps) {
    return TrainingSettings.usual(8, WINDOW, new Schedule.Cosine(steps, 5, 1e-2, 0))
        .with(new TrainingSettings.Optimizer(new AdamW.Settings(0.9, 0.99, 1e-8), 0.01, 1))
        .with(new TrainingSettings.Seeds(1, 1))
        .withLookEvery(Math.max(1, steps / 2));
  }

  /// Each token is followed by one of two, with equal chances: no model can do better than ln 2 on
  /// texts that it has not seen.
  static Corpus coins(int length, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] tokens = new int[length];
    for (int i = 1; i < length; i++) {
      tokens[i] = (5 * tokens[i - 1] + 1 + 4 * random.nextInt(2)) % VOCAB;
    }
    return new Corpus(List.of(tokens), 0, length);
  }

  static TrainingData data() {
    return new TextData(coins(4_000, 1), coins(500, 2), VOCAB);
  }

  static List<TrainingStep> steps(TrainingSettings settings, TrainingParts parts) {
    List<TrainingStep> steps = new ArrayList<>();
    try (TrainingRun run = new TrainingRun(spec(), data(), settings, parts)) {
      run.run(steps::add);
    }
    return steps;
  }

  static List<Double> losses(List<TrainingStep> steps) {
    List<Double> losses = new ArrayList<>();
    for (TrainingStep step : steps) {
      losses.add(step.trainLoss());
      step.validationLoss().ifPresent(losses::add);
    }
    return losses;
  }
}
