package dev.weir.train;

import dev.weir.tensor.Collective;
import dev.weir.tensor.DType;
import dev.weir.tensor.Engine;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// The process that shares the batches of [SharedBatchTest]: arguments are the meeting file and its
/// rank. Prints its losses, one a line.
final class SharedRunChild {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private SharedRunChild() {}

  public static void main(String[] args) {
    try {
      losses(Path.of(args[0]), Integer.parseInt(args[1])).forEach(System.out::println);
    } catch (RuntimeException e) {
      System.out.println(e.getMessage());
    }
    System.out.flush();
    Engine.leave(0);
  }

  static List<Double> losses(Path meeting, int rank) {
    Engine.useThreads(1);
    TrainingSettings shared =
        SharedBatchTest.WHOLE.with(
            new TrainingSettings.Execution(DType.FLOAT32, TrainingSettings.Activations.KEPT, 2));
    try (Collective collective = Collective.join(meeting, rank, 2, PATIENCE)) {
      return TinyRuns.losses(
          TinyRuns.steps(
              shared, TrainingParts.usual().withExchange(GradientExchange.over(collective))));
    }
  }
}
