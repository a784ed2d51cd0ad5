package dev.weir.study;

import dev.weir.tensor.Engine;
import dev.weir.train.TrainingData;
import dev.weir.train.TrainingRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Function;

/// Measures what memory a variant needs in training: a process of its own trains it for some steps
/// and tells by how much its resident memory grew at most since it had opened the engine and the
/// data and read one example. Only Linux tells that. What a tiny model needs comes out of memory
/// that reading the example left behind: [Pace.Memory#isEnough] knows such numbers.
final class MemoryProbe {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path RESET = Path.of("/proc/self/clear_refs");

  /// Sets the highest resident size so far to the present one.
  private static final String RESET_PEAK = "5";

  /// The optimizer's state is there after the first.
  private static final int STEPS = 2;

  private static final int KIBIBYTE = 1024;

  /// What a process exits with after SIGINT and SIGTERM.
  private static final Set<Integer> INTERRUPTED = Set.of(130, 143);

  /// A heap that is resident from the start cannot grow, and what native memory is freed goes back
  /// to the system at once, so that what grows is what lives.
  private static final List<String> STEADY_HEAP =
      List.of("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC");

  private MemoryProbe() {}

  /// Measures.
  ///
  /// @param folder the study, its data found
  /// @param variant who is trained
  /// @param task what it learns
  /// @return bytes; empty where the system does not tell or the process did not end well
  /// @throws CancellationException if the process was interrupted, as Ctrl-C does with all of them
  static OptionalLong measure(StudyFolder folder, Variant variant, StudyTask task) {
    if (!Files.exists(STATUS)) {
      return OptionalLong.empty();
    }
    try {
      Path answer = Files.createTempFile("weir-memory-", "");
      try {
        List<String> arguments =
            List.of(folder.path().toString(), variant.name(), task.name(), answer.toString());
        ProcessBuilder child =
            JavaChild.of(STEADY_HEAP, MemoryProbe.class, arguments)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        child.environment().put("MALLOC_MMAP_THRESHOLD_", "65536");
        int code = exitCode(child.start());
        if (INTERRUPTED.contains(code)) {
          throw new CancellationException("Interrupted while memory is measured");
        }
        return code == 0
            ? OptionalLong.of(Long.parseLong(Files.readString(answer)))
            : OptionalLong.empty();
      } finally {
        Files.delete(answer);
      }
    } catch (IOException _) {
      return OptionalLong.empty();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return OptionalLong.empty();
    }
  }

  /// What a process exited with. One that nobody waits for any more ends.
  private static int exitCode(Process process) throws InterruptedException {
    try {
      return process.waitFor();
    } finally {
      var _ = process.destroyForcibly().onExit().join();
    }
  }

  /// The process.
  ///
  /// @param arguments the study's folder, a variant, a task, and where the bytes are written
  public static void main(String[] arguments) throws IOException {
    Engine.useThreads(1);
    StudyFolder folder = StudyFolder.open(Path.of(arguments[0]));
    Study study = folder.study();
    Variant variant = named(arguments[1], study.variants(), Variant::name);
    Prepared task = named(arguments[2], folder.tasks(), found -> found.task().name());
    TrainingData data = PaceMaker.data(folder, task);
    train(study.with(study.recipe().withBatch(1)), variant, task, data);
    long before = bytes("VmRSS:");
    Files.writeString(RESET, RESET_PEAK);
    train(study, variant, task, data);
    Files.writeString(Path.of(arguments[3]), Long.toString(bytes("VmHWM:") - before));
    Engine.leave(0);
  }

  private static <T> T named(String name, List<T> all, Function<T, String> names) {
    return all.stream().filter(one -> names.apply(one).equals(name)).findFirst().orElseThrow();
  }

  private static void train(Study study, Variant variant, Prepared task, TrainingData data) {
    try (TrainingRun run = PaceMaker.run(study, variant, task, data, STEPS + 1)) {
      for (int i = 0; i < STEPS; i++) {
        var _ = run.step();
      }
    }
  }

  private static long bytes(String row) throws IOException {
    String line =
        Files.readAllLines(STATUS).stream()
            .filter(found -> found.startsWith(row))
            .findFirst()
            .orElseThrow();
    return Long.parseLong(line.replaceAll("\\D", "")) * KIBIBYTE;
  }
}
