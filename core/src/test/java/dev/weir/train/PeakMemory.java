package dev.weir.train;

import dev.weir.tensor.DType;
import dev.weir.tensor.Engine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The process that [RecomputedRunTest] measures: trains a deep, narrow model for two steps and
/// prints by how many mebibytes its resident memory grew at most meanwhile. The argument names the
/// [TrainingSettings.Activations].
final class PeakMemory {
  private static final int LAYERS = 24;

  private PeakMemory() {}

  public static void main(String[] args) throws IOException {
    Engine.useThreads(1);
    ModelSettings tiny = TinyRuns.model();
    ModelSettings deep =
        new ModelSettings(
            "pre_norm",
            64,
            LAYERS,
            4,
            4,
            128,
            TinyRuns.VOCAB,
            128,
            tiny.norm(),
            tiny.mlp(),
            tiny.positions(),
            tiny.head());
    TrainingSettings settings =
        TrainingSettings.usual(16, 128, new Schedule.Cosine(2, 1, 1e-3, 0))
            .with(
                new TrainingSettings.Execution(
                    DType.FLOAT32, TrainingSettings.Activations.valueOf(args[0]), 1))
            .withLookEvery(2);
    try (TrainingRun run = new TrainingRun(deep.spec(), TinyRuns.data(), settings)) {
      long before = mebibytes("VmRSS:");
      TrainingStep _ = run.step();
      System.out.println(mebibytes("VmHWM:") - before);
    }
    System.out.flush();
    Engine.leave(0);
  }

  private static long mebibytes(String what) throws IOException {
    String line =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(found -> found.startsWith(what))
            .findFirst()
            .orElseThrow();
    return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
  }
}
