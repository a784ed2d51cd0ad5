package dev.weir.cli;

import dev.weir.tensor.Collective;
import dev.weir.tensor.Engine;
import dev.weir.train.GradientExchange;
import dev.weir.train.RunFolder;
import dev.weir.train.RunPlan;
import dev.weir.train.TrainingData;
import dev.weir.train.TrainingRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// One of the processes that share a run's batches ([Team]): `weir train` starts it, and it ends
/// when its standard input ends, which is when `weir train` ends.
@Command(
    name = MemberCommand.NAME,
    hidden = true,
    description = "Take part in a run that another process started. 'weir train' calls this.",
    mixinStandardHelpOptions = true)
final class MemberCommand implements Callable<Integer> {
  static final String NAME = "train-member";
  private static final int FAILURE = 1;

  private final Interruption interruption;

  @Parameters(index = "0", paramLabel = "FOLDER", description = "The folder of the run.")
  private Path run = Path.of("");

  @Parameters(index = "1", paramLabel = "RANK", description = "Which process this is, from 1.")
  private int rank;

  @Parameters(index = "2", paramLabel = "PLACE", description = "The folder where they meet.")
  private Path place = Path.of("");

  MemberCommand(Interruption interruption) {
    this.interruption = interruption;
  }

  @Override
  public Integer call() throws IOException {
    Child.whenParentEnds(() -> Engine.leave(FAILURE));
    RunFolder folder = RunFolder.open(run);
    RunPlan plan = folder.plan();
    Engine.useThreads(plan.threadsEach());
    TrainingData data = folder.data();
    try (Interruption.Work _ = interruption.begin()) {
      Files.createFile(Team.ready(place, rank));
      takePart(folder, data);
    }
    return 0;
  }

  private void takePart(RunFolder folder, TrainingData data) {
    RunPlan plan = folder.plan();
    int worldSize = plan.training().execution().worldSize();
    try (Collective collective = Team.join(place, rank, worldSize);
        TrainingRun part =
            folder.start(
                data, TrainCommand.parts(plan).withExchange(GradientExchange.over(collective)))) {
      folder.run(part, _ -> {}, interruption::isAsked);
    }
  }
}
