package dev.weir.train;

import dev.weir.model.ParameterLayout;
import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.stream.Hooks;
import dev.weir.tensor.DType;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Optimizer;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// Trains a transformer to predict what [TrainingData] say comes next: forward, backward, clip, the
/// optimizer's step ([dev.weir.tensor.AdamW] unless [TrainingParts] say otherwise), again. The same
/// spec, data, settings and parts give the same numbers, bit for bit, on the same machine with the
/// same number of threads.
///
/// It owns the model that it trains; close it when done.
public final class TrainingRun implements AutoCloseable {
  private final TrainingSettings settings;
  private final TrainingParts parts;
  private final TrainingData.Batches batches;
  private final Validation validation;
  private final Transformer model;
  private final Objective objective;
  private final Hooks edits;
  private final Set<String> decayed;
  private final Map<String, Optimizer> optimizers = new LinkedHashMap<>();
  private int steps;

  /// Told of each step as it is done.
  public interface Listener {
    /// A step is done.
    ///
    /// @param step what became of it
    void stepped(TrainingStep step);
  }

  /// A run from the start.
  ///
  /// @param spec the model
  /// @param data what it learns from and is looked at with
  /// @param settings its numbers
  /// @throws TrainException if a window does not fit the model or the data
  public TrainingRun(TransformerSpec spec, TrainingData data, TrainingSettings settings) {
    this(spec, data, settings, TrainingParts.usual());
  }

  /// A run from the start.
  ///
  /// @param spec the model
  /// @param data what it learns from and is looked at with
  /// @param settings its numbers
  /// @param parts who else takes part
  /// @throws TrainException if a window does not fit the model or the data
  public TrainingRun(
      TransformerSpec spec, TrainingData data, TrainingSettings settings, TrainingParts parts) {
    this(settings, parts, data, started(spec, settings));
  }

  private TrainingRun(
      TrainingSettings settings, TrainingParts parts, TrainingData data, Transformer model) {
    this.settings = settings;
    this.parts = parts;
    this.model = model;
    try {
      int window = settings.batching().window();
      requireRoom(model.spec(), window, data.dVocab());
      requireProcesses(settings.execution().worldSize(), parts.exchange().size());
      this.batches = data.training(settings.batching().batch(), window, settings.seeds().order());
      this.validation =
          new Validation(data.validation(settings.microBatch(), window), settings.looks().tokens());
      this.objective = new Objective(model, settings.execution(), parts.auxiliaries());
      this.edits = parts.edits().apply(model);
      this.decayed = parts.decay().of(model.spec());
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
    model
        .parameters()
        .tensors()
        .forEach((name, weight) ->
            optimizers.put(name, parts.optimizers().of(settings.optimizer(), weight)));
  }

  private static Transformer started(TransformerSpec spec, TrainingSettings settings) {
    TensorOwner owner = new TensorOwner();
    Parameters start =
        new Initialization(
                Initialization.usualDeviation(spec.dModel()), settings.seeds().initialization())
            .parameters(spec, DType.FLOAT32, owner);
    return Transformer.of(spec, start, owner, "training");
  }

  /// A run that starts from a model's numbers instead of random ones.
  ///
  /// @param start the model; its numbers are copied as float32
  /// @param data what it learns from and is looked at with
  /// @param settings the run's numbers
  /// @param parts who else takes part
  /// @throws TrainException if a window does not fit the model or the data
  public static TrainingRun from(
      Transformer start, TrainingData data, TrainingSettings settings, TrainingParts parts) {
    return new TrainingRun(settings, parts, data, copied(start));
  }

  private static Transformer copied(Transformer start) {
    TensorOwner owner = new TensorOwner();
    Map<String, Tensor> copies = new LinkedHashMap<>();
    try (Scope _ = Scope.open()) {
      // In the order that products want, so that parameters are used as they lie.
      ParameterLayout.of(start.spec())
          .forEach((name, shape) -> {
            Tensor weight =
                start.parameters().get(name).order(shape.names().toArray(String[]::new));
            copies.put(name, owner.own(weight.to(DType.FLOAT32).copy().asParameter()));
          });
      return Transformer.of(start.spec(), new Parameters(copies), owner, "training");
    }
  }

  private static void requireRoom(TransformerSpec spec, int window, int dVocab) {
    if (Math.min(spec.dVocab(), spec.dVocabOut()) < dVocab) {
      throw TrainException.vocabularyTooSmall(spec.dVocab(), dVocab);
    }
    long longest = Math.min(spec.nCtx(), spec.longestText());
    if (window > longest) {
      throw TrainException.windowTooLong(window, longest);
    }
  }

  private static void requireProcesses(int wanted, int present) {
    if (wanted != present) {
      throw TrainException.otherWorld(wanted, present);
    }
  }

  /// A run that goes on where a [Checkpoint] left off, with the same numbers as if it had never
  /// stopped.
  ///
  /// @param checkpoint the folder of one step
  /// @param data what it learned from
  /// @throws dev.weir.WeirException if the checkpoint is damaged or does not fit the data
  public static TrainingRun resume(Path checkpoint, TrainingData data) {
    return resume(checkpoint, data, TrainingParts.usual());
  }

  /// A run that goes on where a [Checkpoint] left off, with the same numbers as if it had never
  /// stopped.
  ///
  /// @param checkpoint the folder of one step
  /// @param data what it learned from
  /// @param parts who else took part
  /// @throws dev.weir.WeirException if the checkpoint is damaged or does not fit the data
  public static TrainingRun resume(Path checkpoint, TrainingData data, TrainingParts parts) {
    Checkpoint.State state = Checkpoint.state(checkpoint);
    TrainingRun run = new TrainingRun(state.settings(), parts, data, reopened(checkpoint));
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

  /// Whether the schedule has ended.
  public boolean isDone() {
    return steps >= settings.schedule().steps();
  }

  /// The numbers that the run depends on.
  public TrainingSettings settings() {
    return settings;
  }

  /// Whether this process writes what all of them know: the log, checkpoints.
  boolean writes() {
    return parts.exchange().rank() == 0;
  }

  /// Whether any process wants something; all hear the same answer.
  boolean agreed(boolean own) {
    return parts.exchange().mean(own ? 1.0 : 0.0) > 0;
  }

  Map<String, Optimizer> optimizers() {
    return Collections.unmodifiableMap(optimizers);
  }

  /// How many examples there are before they come again; empty if they never do.
  public OptionalLong examplesPerEpoch() {
    return batches.examplesPerEpoch();
  }

  /// Trains until the schedule ends.
  ///
  /// @param listener told of each step
  /// @throws TrainException if the loss stops being a number
  public void run(Listener listener) {
    while (!isDone()) {
      listener.stepped(step());
    }
  }

  /// One step.
  ///
  /// @throws TrainException if the loss stops being a number
  public TrainingStep step() {
    long start = System.nanoTime();
    double learningRate = settings.schedule().at(steps);
    boolean look =
        (steps + 1) % settings.looks().every() == 0 || steps + 1 == settings.schedule().steps();
    StepStatistics statistics = look ? parts.statistics() : StepStatistics.none();
    Update update = update(learningRate, statistics.watching());
    steps++;
    double seconds = (System.nanoTime() - start) / 1e9;
    long tokens = steps * settings.tokensPerStep();
    Optional<Look> looked = look ? Optional.of(look()) : Optional.empty();
    return new TrainingStep(
        steps,
        tokens,
        update.loss,
        update.auxiliaries,
        looked,
        learningRate,
        update.gradientNorm,
        settings.tokensPerStep() / seconds,
        tokens * parts.flopsPerToken(),
        statistics.take());
  }

  private record Update(double loss, Map<String, Double> auxiliaries, double gradientNorm) {}

  private Update update(double learningRate, Hooks watching) {
    try (Scope _ = Scope.open();
        GradientSum sum = new GradientSum()) {
      Batch whole = batches.at(steps);
      int first = parts.exchange().rank() * settings.batching().accumulate();
      for (int i = first; i < first + settings.batching().accumulate(); i++) {
        Batch micro = whole.part(i * settings.microBatch(), settings.microBatch());
        double share = micro.weight() / whole.weight() * parts.exchange().size();
        try (Scope _ = Scope.open()) {
          sum.add(objective.of(micro, dropout(i).then(edits), watching), share);
        }
      }
      List<Tensor> gradients = parts.exchange().mean(sum.gradients());
      double loss = parts.exchange().mean(sum.loss());
      double norm = Gradients.norm(gradients);
      if (!Double.isFinite(loss) || !Double.isFinite(norm)) {
        throw TrainException.diverged(steps + 1, loss);
      }
      apply(gradients, Math.min(1, settings.optimizer().clip() / norm), learningRate);
      return new Update(loss, sum.auxiliaries(parts.exchange()), norm);
    }
  }

  private void apply(List<Tensor> gradients, double factor, double learningRate) {
    Iterator<Tensor> gradient = gradients.iterator();
    optimizers.forEach((name, optimizer) ->
        optimizer.update(gradient.next(), factor, learningRate, weightDecay(name)));
  }

  private double weightDecay(String name) {
    return decayed.contains(name) ? settings.optimizer().weightDecay() : 0;
  }

  /// Other numbers are left out of each micro-batch, whichever process reads it.
  ///
  /// @param micro its number within the whole batch
  private Hooks dropout(int micro) {
    long luck = settings.seeds().order() * 1_000_003 + steps;
    return settings.dropout() == 0
        ? Hooks.none()
        : new Dropout(settings.dropout(), luck + ((long) micro << 40));
  }

  /// How well the model does on what it is not trained on. In float32, without dropout and without
  /// interventions: the model as it is saved.
  ///
  /// @throws TrainException if the loss is no number
  public Look look() {
    Look look = validation.look(model, parts.exchange());
    if (!Double.isFinite(look.loss())) {
      throw TrainException.diverged(steps, look.loss());
    }
    return look;
  }

  /// Complains about parameters that are no numbers any more, so that no such model is saved.
  void requireSound() {
    try (Scope _ = Scope.open()) {
      if (!model.parameters().tensors().values().stream().allMatch(Tensor::isFinite)) {
        throw TrainException.diverged(steps, Double.NaN);
      }
    }
  }

  @Override
  public void close() {
    optimizers.values().forEach(Optimizer::close);
    model.close();
  }
}
