package dev.weir.study;

import dev.weir.model.KvCache;
import dev.weir.model.Transformer;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.train.RunData;
import dev.weir.train.TrainingData;
import dev.weir.train.TrainingParts;
import dev.weir.train.TrainingRun;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;

/// Measures how long a step of each variant takes, how fast it writes, and what memory that takes.
/// Where time counts, variants take turns, so that a machine that is slower for a while is slower
/// for all of them.
///
/// Training is measured at every task, as equal seconds ask for it there. Writing and memory are
/// measured at one: the first that is a text, or else the first.
final class PaceMaker {
  private static final int WARM_UP = 2;
  private static final int ROUNDS = 5;
  private static final int STEPS = 2;

  /// Memory is the same however busy the machine is.
  private static final int AT_ONCE = 2;

  private static final int GLANCE_MILLISECONDS = 50;

  private final Study study;
  private final StudyFolder folder;
  private final Instruments instruments;
  private final BooleanSupplier stop;

  PaceMaker(Study study, StudyFolder folder, Instruments instruments, BooleanSupplier stop) {
    this.study = study;
    this.folder = folder;
    this.instruments = instruments;
    this.stop = stop;
  }

  /// Measures.
  ///
  /// @param tasks the study's tasks
  /// @param measured told what is measured by now
  /// @throws CancellationException if somebody says stop: after the step under way
  Pace measure(List<Prepared> tasks, Consumer<String> measured) {
    Pace.Circumstances circumstances = instruments.circumstances();
    List<Pace.Training> training = new ArrayList<>();
    List<Pace.Decoding> decoding = new ArrayList<>();
    Prepared chosen = chosen(tasks);
    for (Prepared task : tasks) {
      Map<Variant, TrainingRun> runs = new LinkedHashMap<>();
      try {
        open(task, runs);
        training.addAll(training(task, runs));
        measured.accept("the pace of training at " + task.task().name());
        if (task.equals(chosen) && task.window() > 1) {
          decoding.addAll(Gradients.untracked(() -> decoding(task, runs)));
          measured.accept("the pace of writing at " + task.task().name());
        }
      } finally {
        runs.values().forEach(TrainingRun::close);
      }
    }
    List<Pace.Memory> memory = memory(chosen.task());
    measured.accept("the memory of training at " + chosen.task().name());
    return new Pace(Optional.of(circumstances), training, decoding, memory);
  }

  private static Prepared chosen(List<Prepared> tasks) {
    return tasks.stream()
        .filter(task -> !task.task().byAccuracy())
        .findFirst()
        .orElseGet(tasks::getFirst);
  }

  // ---------------------------------------------------------------- training

  private void open(Prepared task, Map<Variant, TrainingRun> runs) {
    TrainingData data = data(folder, task);
    int steps = WARM_UP + ROUNDS * STEPS + 1;
    for (Variant variant : study.variants()) {
      StudyFolder.goOnUnless(stop);
      runs.put(variant, run(study, variant, task, data, steps));
    }
  }

  /// What a task's models learn from.
  static TrainingData data(StudyFolder folder, Prepared task) {
    return RunData.open(task.data(), task.dVocab(), folder.tokenizer(task.task())).data();
  }

  /// A run as the study would begin it, that never looks.
  ///
  /// @param steps fewer are taken
  static TrainingRun run(
      Study study, Variant variant, Prepared task, TrainingData data, int steps) {
    return new TrainingRun(
        variant.model(study.model()).with(task.dVocab(), task.window()).spec(),
        data,
        study.recipe().settings(steps, task.window(), 1, 0).withLookEvery(steps),
        TrainingParts.usual());
  }

  private List<Pace.Training> training(Prepared task, Map<Variant, TrainingRun> runs) {
    runs.values().forEach(run -> steps(run, WARM_UP));
    Map<Variant, Spread> seconds = byTurns(runs, run -> time(() -> steps(run, STEPS)) / STEPS);
    List<Pace.Training> found = new ArrayList<>();
    seconds.forEach((variant, perStep) ->
        found.add(
            new Pace.Training(
                variant.name(),
                task.task().name(),
                perStep,
                Objects.requireNonNull(runs.get(variant)).settings().tokensPerStep())));
    return found;
  }

  private void steps(TrainingRun run, int steps) {
    for (int i = 0; i < steps; i++) {
      StudyFolder.goOnUnless(stop);
      var _ = run.step();
    }
  }

  private static Map<Variant, Spread> byTurns(
      Map<Variant, TrainingRun> runs, ToDoubleFunction<TrainingRun> seconds) {
    Map<Variant, List<Double>> times = new LinkedHashMap<>();
    for (int round = 0; round < ROUNDS; round++) {
      runs.forEach((variant, run) ->
          times.computeIfAbsent(variant, _ -> new ArrayList<>()).add(seconds.applyAsDouble(run)));
    }
    Map<Variant, Spread> spreads = new LinkedHashMap<>();
    times.forEach((variant, all) -> spreads.put(variant, Spread.of(all)));
    return spreads;
  }

  private double time(Runnable work) {
    long began = instruments.nanos();
    work.run();
    return (instruments.nanos() - began) / 1e9;
  }

  // ---------------------------------------------------------------- writing

  /// The first half of the window is there, the second is written.
  private List<Pace.Decoding> decoding(Prepared task, Map<Variant, TrainingRun> runs) {
    int prompt = task.window() / 2;
    int tokens = task.window() - prompt;
    Map<Variant, Long> states = new LinkedHashMap<>();
    // The first round warms up.
    runs.forEach((variant, run) -> states.put(variant, write(run.model(), prompt, tokens).state()));
    Map<Variant, Spread> seconds =
        byTurns(runs, run -> write(run.model(), prompt, tokens).seconds() / tokens);
    List<Pace.Decoding> found = new ArrayList<>();
    seconds.forEach((variant, perToken) ->
        found.add(
            new Pace.Decoding(
                variant.name(),
                task.task().name(),
                prompt,
                tokens,
                perToken,
                Objects.requireNonNull(states.get(variant)))));
    return found;
  }

  /// What became of a text.
  ///
  /// @param seconds how long its tokens took after the prompt
  /// @param state bytes kept at its end
  private record Written(double seconds, long state) {}

  /// Which tokens come makes no difference to how long they take.
  private Written write(Transformer model, int prompt, int tokens) {
    try (KvCache cache = new KvCache(model.spec().nLayers())) {
      read(model, cache, new int[prompt]);
      double seconds =
          time(() -> {
            for (int i = 0; i < tokens; i++) {
              StudyFolder.goOnUnless(stop);
              read(model, cache, new int[1]);
            }
          });
      return new Written(seconds, cache.elements() * model.dtype().bytes());
    }
  }

  private static void read(Transformer model, KvCache cache, int[] tokens) {
    try (Scope _ = Scope.open()) {
      Tensor _ = model.logits(tokens, cache);
    }
  }

  // ---------------------------------------------------------------- memory

  private List<Pace.Memory> memory(StudyTask task) {
    try (ExecutorService processes = Executors.newFixedThreadPool(AT_ONCE)) {
      Map<Variant, Future<OptionalLong>> asked = new LinkedHashMap<>();
      for (Variant variant : study.variants()) {
        asked.put(
            variant, processes.submit(() -> instruments.trainingMemory(folder, variant, task)));
      }
      List<Pace.Memory> found = new ArrayList<>();
      try {
        asked.forEach((variant, answer) ->
            bytes(answer)
                .ifPresent(
                    bytes -> found.add(new Pace.Memory(variant.name(), task.name(), bytes))));
      } finally {
        // Whoever stops does not wait for processes that nobody asks any more.
        var _ = processes.shutdownNow();
      }
      return found;
    }
  }

  private OptionalLong bytes(Future<OptionalLong> answer) {
    while (true) {
      StudyFolder.goOnUnless(stop);
      try {
        return answer.get(GLANCE_MILLISECONDS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException _) {
        // It is measured still.
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        throw new CancellationException("Interrupted while memory is measured");
      } catch (ExecutionException e) {
        if (e.getCause() instanceof CancellationException stopped) {
          throw stopped;
        }
        throw new IllegalStateException(e.getCause());
      }
    }
  }
}
