package dev.weir.cli;

import dev.weir.tensor.AdamW;
import dev.weir.tensor.DType;
import dev.weir.train.ModelSettings;
import dev.weir.train.Schedule;
import dev.weir.train.TrainingSettings;
import java.util.Optional;
import picocli.CommandLine.Option;

/// How a model learns.
final class LearningOptions {

  /// The forms a schedule can have.
  private enum Form {
    COSINE,
    WSD
  }

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "1000",
      description = "How many steps. Default: ${DEFAULT-VALUE}.")
  private int steps = 1000;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "16",
      description = "How many windows a step reads. Default: ${DEFAULT-VALUE}.")
  private int batch = 16;

  @Option(
      names = "--accumulate",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "In how many parts a batch is read, one after the other, to need less memory. Default: ${DEFAULT-VALUE}.")
  private int accumulate = 1;

  @Option(
      names = "--lr",
      paramLabel = "RATE",
      description = "The highest learning rate. Default: 6e-4 at d_model 768, more below.")
  private Optional<Double> peak = Optional.empty();

  @Option(
      names = "--min-lr",
      paramLabel = "RATE",
      description = "The learning rate at the end. Default: a tenth of the highest.")
  private Optional<Double> floor = Optional.empty();

  @Option(
      names = "--schedule",
      paramLabel = "FORM",
      defaultValue = "cosine",
      description = "cosine, or wsd: warm-up, stable, decay. Default: ${DEFAULT-VALUE}.")
  private Form form = Form.COSINE;

  @Option(
      names = "--warmup",
      paramLabel = "STEPS",
      description = "How many steps go up to the highest rate. Default: a twentieth of all.")
  private Optional<Integer> warmup = Optional.empty();

  @Option(
      names = "--decay",
      paramLabel = "STEPS",
      description = "How many steps go down, with wsd. Default: a fifth of all.")
  private Optional<Integer> decay = Optional.empty();

  @Option(
      names = "--weight-decay",
      paramLabel = "W",
      defaultValue = "0.1",
      description = "How strongly matrices are drawn to zero. Default: ${DEFAULT-VALUE}.")
  private double weightDecay = 0.1;

  @Option(
      names = "--beta2",
      paramLabel = "B",
      defaultValue = "0.95",
      description = "How slowly AdamW forgets the size of gradients. Default: ${DEFAULT-VALUE}.")
  private double beta2 = 0.95;

  @Option(
      names = "--clip",
      paramLabel = "LENGTH",
      defaultValue = "1",
      description = "The longest gradient. Default: ${DEFAULT-VALUE}.")
  private double clip = 1;

  @Option(
      names = "--dropout",
      paramLabel = "RATE",
      defaultValue = "0",
      description = "Which share of what enters the stream is left out. Default: ${DEFAULT-VALUE}.")
  private double dropout;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      defaultValue = "float32",
      description =
          "Of the forward pass: float32 or bfloat16. Parameters are float32. Default: ${DEFAULT-VALUE}.")
  private String dtype = "float32";

  @Option(
      names = "--recompute",
      description = "Compute activations again in the backward pass, to need less memory.")
  private boolean recompute;

  @Option(
      names = "--world-size",
      paramLabel = "N",
      defaultValue = "1",
      description = "How many processes share each batch. Default: ${DEFAULT-VALUE}.")
  private int worldSize = 1;

  @Option(
      names = "--validate-every",
      paramLabel = "STEPS",
      description =
          "How many steps lie between two looks at the validation text. Default: a twentieth of all.")
  private Optional<Integer> validateEvery = Optional.empty();

  @Option(
      names = "--validate-tokens",
      paramLabel = "N",
      description = "How many predictions a look takes in, if there are so many. Default: 65536.")
  private Optional<Long> validateTokens = Optional.empty();

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      defaultValue = "0",
      description = "Of the numbers that the model starts from. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--data-seed",
      paramLabel = "SEED",
      description = "Of the order of the texts. Default: as --seed.")
  private Optional<Long> dataSeed = Optional.empty();

  TrainingSettings settings(int dModel, int window) {
    TrainingSettings usual =
        TrainingSettings.usual(batch, window, schedule(dModel))
            .with(new TrainingSettings.Batching(batch, window, accumulate))
            .with(
                new TrainingSettings.Optimizer(
                    new AdamW.Settings(0.9, beta2, 1e-8), weightDecay, clip))
            .with(
                new TrainingSettings.Execution(
                    DType.parse(dtype),
                    recompute
                        ? TrainingSettings.Activations.RECOMPUTED
                        : TrainingSettings.Activations.KEPT,
                    worldSize))
            .with(new TrainingSettings.Seeds(seed, dataSeed.orElse(seed)))
            .withDropout(dropout);
    return usual.with(
        new TrainingSettings.Looks(
            validateEvery.orElse(usual.looks().every()),
            validateTokens.orElse(usual.looks().tokens())));
  }

  private Schedule schedule(int dModel) {
    double highest = peak.orElseGet(() -> ModelSettings.usualPeak(Math.max(1, dModel)));
    double lowest = floor.orElse(highest / 10);
    int up = warmup.orElse(steps / 20);
    return switch (form) {
      case COSINE -> new Schedule.Cosine(steps, up, highest, lowest);
      case WSD ->
          new Schedule.WarmupStableDecay(steps, up, decay.orElse(steps / 5), highest, lowest);
    };
  }
}
