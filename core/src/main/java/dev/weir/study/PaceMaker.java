package dev.weir.study;

import dev.weir.train.RunData;
import dev.weir.train.TrainingData;
import dev.weir.train.TrainingParts;
import dev.weir.train.TrainingRun;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// Measures how long a step of each variant takes. Variants take turns, so that a machine that is
/// slower for a while is slower for all of them; the median of a variant's steps counts.
final class PaceMaker {
  private static final int WARM_UP = 3;
  private static final int ROUNDS = 5;
  private static final int STEPS = 3;

  private final Study study;
  private final StudyFolder folder;
  private final LongSupplier nanos;

  PaceMaker(Study study, StudyFolder folder, LongSupplier nanos) {
    this.study = study;
    this.folder = folder;
    this.nanos = nanos;
  }

  /// Measures.
  ///
  /// @param tasks the study's tasks
  /// @param measured told the name of each task when it is done
  Pace measure(List<Prepared> tasks, Consumer<String> measured) {
    Map<String, Double> seconds = new LinkedHashMap<>();
    for (Prepared task : tasks) {
      Path tokenizer = folder.tokenizer(task.task());
      TrainingData data = RunData.open(task.data(), task.dVocab(), tokenizer).data();
      seconds.putAll(measure(task, data));
      measured.accept(task.task().name());
    }
    return new Pace(seconds);
  }

  private Map<String, Double> measure(Prepared task, TrainingData data) {
    Map<Variant, TrainingRun> runs = new LinkedHashMap<>();
    try {
      for (Variant variant : study.variants()) {
        runs.put(variant, run(variant, task, data));
      }
      return medians(task, runs);
    } finally {
      runs.values().forEach(TrainingRun::close);
    }
  }

  private TrainingRun run(Variant variant, Prepared task, TrainingData data) {
    int steps = WARM_UP + ROUNDS * STEPS + 1;
    return new TrainingRun(
        variant.model(study.model()).with(task.dVocab(), task.window()).spec(),
        data,
        study.recipe().settings(steps, task.window(), 1, 0).withLookEvery(steps),
        TrainingParts.usual());
  }

  private Map<String, Double> medians(Prepared task, Map<Variant, TrainingRun> runs) {
    Map<Variant, List<Double>> times = new LinkedHashMap<>();
    runs.values().forEach(run -> time(run, WARM_UP));
    for (int round = 0; round < ROUNDS; round++) {
      runs.forEach((variant, run) ->
          times.computeIfAbsent(variant, _ -> new ArrayList<>()).add(time(run, STEPS)));
    }
    Map<String, Double> medians = new LinkedHashMap<>();
    times.forEach((variant, all) ->
        medians.put(
            Pace.key(variant, task.task()), all.stream().sorted().toList().get(ROUNDS / 2)));
    return medians;
  }

  /// Seconds for a step.
  private double time(TrainingRun run, int steps) {
    long began = nanos.getAsLong();
    for (int i = 0; i < steps; i++) {
      var _ = run.step();
    }
    return (nanos.getAsLong() - began) / 1e9 / steps;
  }
}
