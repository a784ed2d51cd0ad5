package dev.weir.train;

import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.stream.Hooks;
import dev.weir.tensor.AdamW;
import dev.weir.tensor.DType;
import dev.weir.tensor.Fused;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SplittableRandom;

/// Trains a transformer to predict the next token: forward, backward, clip, AdamW, again. The same
/// spec, texts and settings give the same numbers, bit for bit, on the same machine with the same
/// number of threads.
///
/// It owns the model that it trains; close it when done.
public final class TrainingRun implements AutoCloseable {
  private static final double START_DEVIATION = 0.02;

  private final TrainingSettings settings;
  private final Corpus.Batches batches;
  private final List<int[]> validation;
  private final Transformer model;
  private final List<Tensor> parameters;
  private final List<AdamW> optimizers = new ArrayList<>();
  private final double[] weightDecays;
  private int steps;

  /// Told of each step as it is done.
  public interface Listener {
    /// A step is done.
    ///
    /// @param step what became of it
    void stepped(TrainingStep step);
  }

  /// A run from the start, in float32.
  ///
  /// @param spec the model
  /// @param training the texts to learn from
  /// @param validation the texts to look at
  /// @param settings everything else
  public TrainingRun(
      TransformerSpec spec, Corpus training, Corpus validation, TrainingSettings settings) {
    if (settings.window() > Math.min(spec.nCtx(), spec.longestText())) {
      throw TrainException.windowTooLong(
          settings.window(), Math.min(spec.nCtx(), spec.longestText()));
    }
    this.settings = settings;
    this.batches =
        new Corpus.Batches(training, settings.batch(), settings.window(), settings.seed());
    this.validation = validation.windows(settings.window());
    TensorOwner owner = new TensorOwner();
    Parameters start =
        new Initialization(START_DEVIATION, settings.seed())
            .parameters(spec, DType.FLOAT32, owner);
    this.model = Transformer.of(spec, start, owner, "training");
    this.parameters = List.copyOf(start.tensors().values());
    this.weightDecays = start.tensors().entrySet().stream().mapToDouble(this::decay).toArray();
    parameters.forEach(p -> optimizers.add(new AdamW(settings.adamW(), p)));
  }

  /// Gains and biases have no reason to be small.
  private double decay(Map.Entry<String, Tensor> parameter) {
    String name = parameter.getKey();
    return name.startsWith("W_", name.lastIndexOf('.') + 1) ? settings.weightDecay() : 0;
  }

  /// The model as it is now. It belongs to this run and changes with it.
  public Transformer model() {
    return model;
  }

  /// How many steps are done.
  public int steps() {
    return steps;
  }

  /// How many windows there are to learn from.
  public int windowsPerEpoch() {
    return batches.windowsPerEpoch();
  }

  /// Trains until the schedule ends.
  ///
  /// @param listener told of each step
  /// @throws TrainException if the loss stops being a number
  public void run(Listener listener) {
    while (steps < settings.schedule().steps()) {
      listener.stepped(step());
    }
  }

  /// One step.
  ///
  /// @throws TrainException if the loss stops being a number
  public TrainingStep step() {
    long start = System.nanoTime();
    double learningRate = settings.schedule().at(steps);
    Update update = update(learningRate);
    steps++;
    double seconds = (System.nanoTime() - start) / 1e9;
    boolean look =
        steps % settings.validateEvery() == 0 || steps == settings.schedule().steps();
    return new TrainingStep(
        steps,
        steps * settings.tokensPerStep(),
        update.loss,
        look ? OptionalDouble.of(validationLoss()) : OptionalDouble.empty(),
        learningRate,
        update.gradientNorm,
        settings.tokensPerStep() / seconds);
  }

  private record Update(double loss, double gradientNorm) {}

  private Update update(double learningRate) {
    try (Scope _ = Scope.open()) {
      Tensor loss = loss(batches.at(steps), dropout());
      List<Tensor> gradients = Gradients.of(loss, parameters);
      double norm = Gradients.norm(gradients);
      if (!Double.isFinite(loss.item()) || !Double.isFinite(norm)) {
        throw TrainException.diverged(steps + 1, loss.item());
      }
      double factor = Math.min(1, settings.clip() / norm);
      for (int i = 0; i < gradients.size(); i++) {
        optimizers.get(i).update(gradients.get(i), factor, learningRate, weightDecays[i]);
      }
      return new Update(loss.item(), norm);
    }
  }

  private Hooks dropout() {
    return settings.dropout() == 0
        ? Hooks.none()
        : new Dropout(
            settings.dropout(), new SplittableRandom(settings.seed() * 1_000_003 + steps));
  }

  private Tensor loss(List<int[]> windows, Hooks hooks) {
    List<int[]> inputs = windows.stream().map(TrainingRun::allButLast).toList();
    Tensor logits = model.logits(inputs, hooks);
    return Fused.crossEntropy(
        logits, nextTokens(windows, logits.shape().without("d_vocab")).to(logits.device()));
  }

  private static int[] allButLast(int[] window) {
    return Arrays.copyOf(window, window.length - 1);
  }

  private static Tensor nextTokens(List<int[]> windows, Shape shape) {
    long[] next =
        windows.stream()
            .flatMapToLong(w -> Arrays.stream(w).skip(1).asLongStream())
            .toArray();
    return Tensor.of(next, shape);
  }

  /// How surprised the model is by the validation texts, nats per token.
  public double validationLoss() {
    return Gradients.untracked(
        () -> {
          double sum = 0;
          long predictions = 0;
          for (int[] window : validation) {
            try (Scope _ = Scope.open()) {
              sum += loss(List.of(window), Hooks.none()).item() * (window.length - 1);
              predictions += window.length - 1;
            }
          }
          return sum / predictions;
        });
  }

  @Override
  public void close() {
    optimizers.forEach(AdamW::close);
    model.close();
  }
}
