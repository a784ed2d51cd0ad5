package dev.weir.train;

import dev.weir.model.family.WeirCheckpoint;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;

/// A run in a folder of its own, which can be killed at any moment and gone on with:
///
/// | file | what |
/// |---|---|
/// | `run.json` | the [RunPlan] |
/// | `tokenizer.json` and others | the tokenizer |
/// | `config.json`, `model.safetensors` | the model as last saved; the folder opens as a model |
/// | `log.jsonl` | the [TrainingLog] |
/// | `checkpoints/step-00000400` | the last [Checkpoint]s |
///
/// Going on begins at the last checkpoint and gives the same numbers to the last bit; what the log
/// holds beyond it is taken out.
public final class RunFolder {
  private final Path path;
  private final RunPlan plan;

  private RunFolder(Path path, RunPlan plan) {
    this.path = path;
    this.plan = plan;
  }

  /// Checks that a new run would overwrite nothing.
  ///
  /// @param path the folder
  /// @throws TrainException if there is a run or a model in it
  public static void requireFree(Path path) {
    Stream.of("run.json", "config.json", "model.safetensors")
        .map(path::resolve)
        .filter(Files::exists)
        .findFirst()
        .ifPresent(file -> {
          throw TrainException.runThere(file.toString());
        });
  }

  /// A new run.
  ///
  /// @param path the folder, with the tokenizer's files in it
  /// @param plan what the run is asked for
  /// @throws dev.weir.WeirException if there is a run or a model in it, or it cannot be written
  public static RunFolder begin(Path path, RunPlan plan) {
    requireFree(path);
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw TrainException.unwritableRun(path.toString(), e);
    }
    TrainJson.write(path.resolve("run.json"), plan);
    return new RunFolder(path, plan);
  }

  /// Takes away what a new run wrote that could not begin; a run that has a step or a checkpoint
  /// stays as it is.
  ///
  /// @param path the folder, free when the run was asked for
  public static void discardUnbegun(Path path) {
    if (Files.exists(path.resolve("log.jsonl")) || Files.exists(path.resolve("checkpoints"))) {
      return;
    }
    try {
      for (String name :
          List.of(
              "run.json",
              "tokenizer.json",
              "tokenizer_config.json",
              "tokenizer.bin",
              "generation_config.json")) {
        Files.deleteIfExists(path.resolve(name));
      }
      Files.deleteIfExists(path);
    } catch (DirectoryNotEmptyException e) {
      return; // Somebody else's files stay.
    } catch (IOException e) {
      throw TrainException.unwritableRun(path.toString(), e);
    }
  }

  /// The run that a folder holds.
  ///
  /// @param path the folder
  /// @throws dev.weir.WeirException if there is none, or its plan is damaged
  public static RunFolder open(Path path) {
    Path file = path.resolve("run.json");
    if (!Files.exists(file)) {
      throw TrainException.noRun(path.toString());
    }
    try {
      return new RunFolder(path, TrainJson.read(file, RunPlan.class));
    } catch (JacksonException e) {
      throw TrainException.badPlan(file.toString(), e.getOriginalMessage(), e);
    }
  }

  /// Where it is.
  public Path path() {
    return path;
  }

  /// What it was asked for.
  public RunPlan plan() {
    return plan;
  }

  /// Where the checkpoints lie.
  Path checkpoints() {
    return path.resolve("checkpoints");
  }

  /// The last checkpoint, if there is one yet.
  public Optional<Path> latest() {
    return Checkpoint.latest(checkpoints());
  }

  private Path log() {
    return path.resolve("log.jsonl");
  }

  /// The steps that the log holds; none before the first.
  public List<TrainingStep> steps() {
    return Files.exists(log()) ? TrainingLog.read(log()) : List.of();
  }

  /// The run's data.
  ///
  /// @throws dev.weir.WeirException if they are not there any more, or are not the same
  public TrainingData data() {
    return RunData.open(plan.data(), plan.model().dVocab(), path).data();
  }

  /// The run as it was saved last, or from the start where it never was.
  ///
  /// @param data its data
  /// @param parts who else takes part
  /// @throws dev.weir.WeirException if the last checkpoint is damaged or of another run
  public TrainingRun start(TrainingData data, TrainingParts parts) {
    Optional<Path> checkpoint = latest();
    TrainingRun run =
        checkpoint
            .map(folder -> resumed(folder, data, parts))
            .orElseGet(() -> new TrainingRun(plan.model().spec(), data, plan.training(), parts));
    if (run.writes()) {
      TrainingLog.truncate(log(), run.steps());
    }
    return run;
  }

  private TrainingRun resumed(Path checkpoint, TrainingData data, TrainingParts parts) {
    if (!Checkpoint.state(checkpoint).settings().equals(plan.training())) {
      throw TrainException.otherCheckpoint(checkpoint.toString(), "its training settings");
    }
    if (!Checkpoint.spec(checkpoint).equals(plan.model().spec())) {
      throw TrainException.otherCheckpoint(checkpoint.toString(), "the shapes of its model");
    }
    return TrainingRun.resume(checkpoint, data, parts);
  }

  /// Trains until the schedule ends or somebody says stop, writes the log and saves now and then
  /// and at the end.
  ///
  /// @param run the run of this folder
  /// @param listener told of each step, after it was logged
  /// @param stop whether to stop after the step
  /// @throws dev.weir.WeirException if the loss stops being a number or something cannot be
  ///   written; the last checkpoint is still good then
  public void run(TrainingRun run, TrainingRun.Listener listener, BooleanSupplier stop) {
    while (!run.isDone() && !run.agreed(stop.getAsBoolean())) {
      TrainingStep step = run.step();
      if (run.writes()) {
        TrainingLog.append(log(), step);
        listener.stepped(step);
      }
      if (run.steps() % plan.saving().every() == 0) {
        save(run);
      }
    }
    save(run);
  }

  /// Saves a run as it is now: a checkpoint, and the model at the top of the folder.
  ///
  /// @param run the run of this folder
  private void save(TrainingRun run) {
    if (!run.writes()) {
      return;
    }
    TrainingLog.flush(log());
    Path wanted = Checkpoint.place(checkpoints(), run.steps());
    if (!latest().equals(Optional.of(wanted))) {
      Checkpoint.write(run, checkpoints());
    }
    Checkpoint.keepLast(checkpoints(), plan.saving().keep());
    WeirCheckpoint.write(run.model(), path);
  }
}
