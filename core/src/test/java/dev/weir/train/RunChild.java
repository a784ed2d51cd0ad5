package dev.weir.train;

import dev.weir.tensor.Engine;
import java.nio.file.Path;

/// The process that [KilledRunTest] kills: goes on with the run in a folder.
final class RunChild {
  static final int FAILED = 3;

  private RunChild() {}

  public static void main(String[] args) {
    try {
      RunFolder folder = RunFolder.open(Path.of(args[0]));
      Engine.useThreads(folder.plan().threads());
      try (TrainingRun run = folder.start(folder.data(), TrainingParts.usual())) {
        folder.run(run, _ -> {}, () -> false);
      }
      Engine.leave(0);
    } catch (RuntimeException e) {
      System.err.println(e.getMessage());
      System.err.flush();
      Engine.leave(FAILED);
    }
  }
}
