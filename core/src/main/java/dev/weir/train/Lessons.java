package dev.weir.train;

import dev.weir.train.task.Task;
import dev.weir.train.task.TaskData;
import dev.weir.train.task.Tasks;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// What `weir learn` has small models learn: belief (Mess3), recall, and text. The sizes are such
/// that one processor core needs less than a minute for each.
///
/// @param layers how many blocks the models have
/// @param mostSteps at most so many steps; fewer where a lesson needs fewer
public record Lessons(int layers, int mostSteps) {
  /// The names of all lessons, in the order in which they are shown.
  public static final List<String> NAMES = List.of("mess3", "mqar", "text");

  /// How far from the Bayes optimum Mess3 may stay, nats.
  private static final double EXCESS = 0.002;

  /// How often recall must be right.
  private static final double RIGHT = 0.95;

  /// How far below its start the loss on a text must come, nats. From bytes of equal chances, the
  /// frequencies of bytes alone give some 2.2 in English.
  private static final double DROP = 3;

  private static final double WEIGHT_DECAY = 0.01;

  /// A look costs as much as some twenty steps.
  private static final int LEAST_BETWEEN_LOOKS = 20;

  /// A hidden Markov process.
  public Lesson mess3() {
    TaskData data = TaskData.of(Tasks.parse("mess3"));
    return ofTask(
        "mess3",
        data,
        32,
        128,
        1200,
        5e-3,
        new Lesson.Bar.Excess(data.validationOptimum(), EXCESS));
  }

  /// Associative recall.
  public Lesson mqar() {
    TaskData data = new TaskData(Tasks.parse("mqar:pairs=4,queries=4,vocab=33,length=15"), 512);
    return ofTask("mqar", data, 64, 64, 1500, 3e-3, new Lesson.Bar.Right(RIGHT));
  }

  /// A text, byte by byte.
  ///
  /// @param file where it is
  /// @param folder where the tokenizer's files may go
  /// @throws dev.weir.WeirException if it cannot be read or is too short
  public Lesson text(Path file, Path folder) {
    DataSettings where =
        new DataSettings(
            file.toAbsolutePath().normalize().toString(),
            Optional.empty(),
            0.05,
            CorpusFiles.usual(),
            "");
    RunData found =
        RunData.prepare(where, Optional.of(new RunTokenizer.Bytes()), OptionalInt.empty(), folder);
    return lesson(
        "text",
        found.data(),
        found.digest(),
        64,
        new TrainingSettings.Batching(16, 64, 1),
        400,
        3e-3,
        new Lesson.Bar.Drop(DROP));
  }

  private Lesson ofTask(
      String name, TaskData data, int dModel, int batch, int steps, double peak, Lesson.Bar bar) {
    Task task = data.task();
    return lesson(
        name,
        data,
        task.name(),
        dModel,
        new TrainingSettings.Batching(batch, task.length(), 1),
        steps,
        peak,
        bar);
  }

  private Lesson lesson(
      String name,
      TrainingData data,
      String digest,
      int dModel,
      TrainingSettings.Batching batching,
      int usualSteps,
      double peak,
      Lesson.Bar bar) {
    int steps = Math.min(usualSteps, mostSteps);
    ModelSettings model =
        new ModelSettings(
            "pre_norm",
            dModel,
            layers,
            2,
            2,
            ModelSettings.usualNeurons(dModel, ModelSettings.MlpKind.GATED),
            data.dVocab(),
            batching.window(),
            ModelSettings.NormKind.RMS,
            ModelSettings.MlpKind.GATED,
            ModelSettings.Positions.LEARNED,
            ModelSettings.Head.SEPARATE);
    TrainingSettings usual =
        TrainingSettings.usual(
            batching.batch(), batching.window(), new Schedule.Cosine(steps, steps / 20, peak, 0));
    TrainingSettings training =
        usual
            .with(
                new TrainingSettings.Optimizer(
                    usual.optimizer().adamW(), WEIGHT_DECAY, usual.optimizer().clip()))
            .with(
                // All of it: the optimum is that of all examples.
                new TrainingSettings.Looks(
                    Math.max(LEAST_BETWEEN_LOOKS, steps / 30), Long.MAX_VALUE));
    return new Lesson(name, data, digest, model, training, bar);
  }
}
