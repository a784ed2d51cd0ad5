package dev.weir.train;

import dev.weir.model.Parameters;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.model.family.ModelFiles;
import dev.weir.model.family.WeirCheckpoint;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Optimizer;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.weights.Safetensors;
import dev.weir.weights.SafetensorsWriter;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;

/// A run on disk, to be gone on with: one folder for each kept step, named `step-00000400`, that
/// holds the model as [WeirCheckpoint] writes it, the optimizer's state (`optimizer.safetensors`)
/// and the settings (`training.json`). A folder of that name is complete: it got its name last.
public final class Checkpoint {
  private static final Pattern COMPLETE = Pattern.compile("step-\\d{8,}");
  private static final Pattern UNFINISHED = Pattern.compile("\\.(gone-)?step-\\d{8,}");

  private Checkpoint() {}

  /// How far a run was, and what it was doing.
  ///
  /// @param steps how many steps were done
  /// @param settings the settings of the run
  public record State(int steps, TrainingSettings settings) {}

  /// Writes a run as it is now. Whatever goes wrong, the steps written before are as they were.
  ///
  /// @param run the run
  /// @param folder where the steps' folders lie; made if it is not there
  /// @return the new folder
  /// @throws dev.weir.WeirException if it cannot be written, or the model is no good any more
  public static Path write(TrainingRun run, Path folder) {
    run.requireSound();
    Path target = place(folder, run.steps());
    Path unfinished = hidden(target);
    try {
      removeAll(unfinished);
      Files.createDirectories(unfinished);
      WeirCheckpoint.write(run.model(), unfinished);
      writeOptimizers(run, unfinished.resolve("optimizer.safetensors"));
      TrainJson.write(unfinished.resolve("training.json"), new State(run.steps(), run.settings()));
      delete(target);
      Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
      flush(folder);
    } catch (IOException e) {
      abandon(unfinished);
      throw TrainException.unwritableCheckpoint(target.toString(), e);
    } catch (RuntimeException e) {
      abandon(unfinished);
      throw e;
    }
    return target;
  }

  /// The folder of a step.
  static Path place(Path folder, int step) {
    return folder.resolve("step-%08d".formatted(step));
  }

  private static Path hidden(Path checkpoint) {
    return checkpoint.resolveSibling("." + checkpoint.getFileName());
  }

  /// What is left of it would be removed by the next writer anyway.
  private static void abandon(Path unfinished) {
    try {
      removeAll(unfinished);
    } catch (IOException _) {
      return;
    }
  }

  /// Makes the new name last. Some systems cannot open a folder; there the rename is as good as it
  /// gets.
  private static void flush(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException _) {
      return;
    }
  }

  private static void writeOptimizers(TrainingRun run, Path file) {
    List<SafetensorsWriter.Item> items = new ArrayList<>();
    run.optimizers()
        .forEach((name, optimizer) -> {
          List<String> parts = optimizer.stateNames();
          for (int i = 0; i < parts.size(); i++) {
            items.add(item(name + "." + parts.get(i), optimizer.state().get(i)));
          }
        });
    SafetensorsWriter.write(file, items, Map.of());
  }

  private static SafetensorsWriter.Item item(String name, Tensor tensor) {
    List<Long> sizes = tensor.shape().axes().stream().map(Axis::size).toList();
    return SafetensorsWriter.Item.of(name, tensor.dtype(), sizes, tensor.memory());
  }

  /// The folder of the last step kept, if any is.
  ///
  /// @param folder where the steps' folders lie
  /// @throws TrainException if it cannot be read
  public static Optional<Path> latest(Path folder) {
    List<Path> found = all(folder, COMPLETE);
    return found.isEmpty() ? Optional.empty() : Optional.of(found.getLast());
  }

  /// The folders whose name is of a kind, from the earliest step to the last.
  private static List<Path> all(Path folder, Pattern name) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> found = Files.list(folder)) {
      return found
          .filter(path -> name.matcher(path.getFileName().toString()).matches())
          .sorted(
              Comparator.<Path>comparingInt(path -> path.getFileName().toString().length())
                  .thenComparing(path -> path.getFileName().toString()))
          .toList();
    } catch (IOException e) {
      throw TrainException.unreadableCheckpoint(folder.toString(), e);
    }
  }

  /// Removes all but the last steps, and what a killed writer left behind.
  ///
  /// @param folder where the steps' folders lie
  /// @param count how many steps to keep, at least 1
  /// @throws TrainException if one cannot be removed
  public static void keepLast(Path folder, int count) {
    List<Path> complete = all(folder, COMPLETE);
    complete.subList(0, Math.max(0, complete.size() - count)).forEach(Checkpoint::delete);
    all(folder, UNFINISHED).forEach(Checkpoint::delete);
  }

  /// Removes a checkpoint; nothing happens where there is none. It loses its name first, so that
  /// half of one is never taken for one.
  ///
  /// @param checkpoint its folder
  /// @throws TrainException if it cannot be removed
  public static void delete(Path checkpoint) {
    try {
      if (!Files.isDirectory(checkpoint)) {
        return;
      }
      Path nameless = checkpoint;
      if (COMPLETE.matcher(checkpoint.getFileName().toString()).matches()) {
        nameless = checkpoint.resolveSibling(".gone-" + checkpoint.getFileName());
        removeAll(nameless);
        Files.move(checkpoint, nameless, StandardCopyOption.ATOMIC_MOVE);
      }
      removeAll(nameless);
    } catch (IOException e) {
      throw TrainException.unwritableCheckpoint(checkpoint.toString(), e);
    }
  }

  private static void removeAll(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  static State state(Path checkpoint) {
    Path file = checkpoint.resolve("training.json");
    try {
      return TrainJson.read(file, State.class);
    } catch (JacksonException e) {
      throw TrainException.badState(file.toString(), e);
    }
  }

  /// How the model of a checkpoint is put together.
  static TransformerSpec spec(Path checkpoint) {
    return ModelFiles.spec(checkpoint);
  }

  /// The model of a checkpoint.
  static Transformer model(Path checkpoint) {
    return ModelFiles.open(checkpoint, ModelFiles.Options.usual());
  }

  /// Fills optimizers with what they held when the checkpoint was written.
  static void restore(
      Path checkpoint, Map<String, Optimizer> optimizers, Parameters like, int steps) {
    Path file = checkpoint.resolve("optimizer.safetensors");
    try (Safetensors source = Safetensors.open(file);
        Scope _ = Scope.open()) {
      optimizers.forEach((name, optimizer) ->
          optimizer.restore(
              optimizer.stateNames().stream()
                  .map(part -> tensor(source, name + "." + part, like.get(name)))
                  .toList(),
              steps));
    }
  }

  private static Tensor tensor(Safetensors source, String name, Tensor like) {
    var entry = source.entry(name);
    List<Long> sizes = like.shape().axes().stream().map(Axis::size).toList();
    if (!entry.sizes().equals(sizes) || !entry.dtype().equals(Optional.of(like.dtype()))) {
      throw TrainException.wrongState(
          name, entry.sizes().toString(), like.toString(), source.path().toString());
    }
    return Tensor.wrap(entry.bytes(), like.dtype(), like.shape());
  }
}
