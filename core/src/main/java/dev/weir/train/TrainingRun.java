package dev.weir.train;

import dev.weir.model.ParameterLayout;
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
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
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
  private final Map<String, AdamW> optimizers = new LinkedHashMap<>();
  private final Set<String> decayed;
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
  /// @throws TrainException if a window does not fit the model or the texts
  public TrainingRun(
      TransformerSpec spec, Corpus training, Corpus validation, TrainingSettings settings) {
    this(settings, training, validation, started(spec, settings));
  }

  private TrainingRun(
      TrainingSettings settings, Corpus training, Corpus validation, Transformer model) {
    this.settings = settings;
    this.model = model;
    this.decayed = ParameterLayout.decayed(model.spec());
    try {
      requireRoom(model.spec(), settings.window());
      this.batches =
          new Corpus.Batches(training, settings.batch(), settings.window(), settings.seed());
      this.validation = validation.windows(settings.window());
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
    model
        .parameters()
        .tensors()
        .forEach((name, weight) -> optimizers.put(name, new AdamW(settings.adamW(), weight)));
  }

  private static Transformer started(TransformerSpec spec, TrainingSettings settings) {
    TensorOwner owner = new TensorOwner();
    Parameters start =
        new Initialization(START_DEVIATION, settings.seed()).parameters(spec, DType.FLOAT32, owner);
    return Transformer.of(spec, start, owner, "training");
  }

  private static void requireRoom(TransformerSpec spec, int window) {
    long longest = Math.min(spec.nCtx(), spec.longestText());
    if (window > longest) {
      throw TrainException.windowTooLong(window, longest);
    }
  }

  /// A run that goes on where a [Checkpoint] left off, with the same numbers as if it had never
  /// stopped.
  ///
  /// @param checkpoint the folder of one step
  /// @param training the texts it learned from
  /// @param validation the texts it looked at
  /// @throws dev.weir.WeirException if the checkpoint is damaged or does not fit the texts
  public static TrainingRun resume(Path checkpoint, Corpus training, Corpus validation) {
    Checkpoint.State state = Checkpoint.state(checkpoint);
    TrainingRun run = new TrainingRun(state.settings(), training, validation, reopened(checkpoint));
    try {
      Checkpoint.restore(checkpoint, run.optimizers, run.model.parameters(), state.steps());
      run.steps = state.steps();
      return run;
    } catch (RuntimeException e) {
      run.close();
      throw e;
    }
  }

  private static Transformer reopened(Path checkpoint) {
    TensorOwner owner = new TensorOwner();
    try (Scope _ = Scope.open();
        Transformer stored = Checkpoint.model(checkpoint)) {
      Parameters parameters = stored.parameters().map(weight -> owner.own(weight.asParameter()));
      return Transformer.of(stored.spec(), parameters, owner, checkpoint.toString());
    }
  }

  /// The model as it is now. It belongs to this run and changes with it.
  public Transformer model() {
    return model;
  }

  /// How many steps are done.
  public int steps() {
    return steps;
  }

  /// What the run depends on.
  public TrainingSettings settings() {
    return settings;
  }

  Map<String, AdamW> optimizers() {
    return Collections.unmodifiableMap(optimizers);
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
    boolean look = steps % settings.validateEvery() == 0 || steps == settings.schedule().steps();
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
      Map<String, Tensor> weights = model.parameters().tensors();
      List<Tensor> gradients = Gradients.orZero(loss, List.copyOf(weights.values()));
      double norm = Gradients.norm(gradients);
      if (!Double.isFinite(loss.item()) || !Double.isFinite(norm)) {
        throw TrainException.diverged(steps + 1, loss.item());
      }
      double factor = Math.min(1, settings.clip() / norm);
      Iterator<Tensor> gradient = gradients.iterator();
      optimizers.forEach((name, optimizer) ->
          optimizer.update(gradient.next(), factor, learningRate, weightDecay(name)));
      return new Update(loss.item(), norm);
    }
  }

  /// Gains, biases, gates and connection weights have no reason to be small.
  private double weightDecay(String name) {
    return decayed.contains(name) ? settings.weightDecay() : 0;
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
        windows.stream().flatMapToLong(w -> Arrays.stream(w).skip(1).asLongStream()).toArray();
    return Tensor.of(next, shape);
  }

  /// How surprised the model is by the validation texts, nats per token.
  public double validationLoss() {
    return Gradients.untracked(() -> {
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
    optimizers.values().forEach(AdamW::close);
    model.close();
  }
}
