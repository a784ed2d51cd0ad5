package dev.weir.spark;

import dev.weir.study.StudyFolder;
import dev.weir.study.StudyPlan;
import dev.weir.study.StudyRun;
import dev.weir.study.StudyWorker;
import dev.weir.tensor.Engine;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.Function;

/// What an executor does: takes one run of the study, by its id, trains it on one thread, and says
/// whether it is done. It is not where another process has taken the run.
///
/// @param folder where the study is
record RunTask(String folder) implements Function<String, Boolean> {

  @Override
  public Boolean call(String id) {
    TaskContext context = TaskContext.get();
    Engine.useThreads(1);
    StudyFolder study = open();
    StudyPlan plan = study.results().plan();
    StudyRun run = run(plan, id);
    // The driver sees in the folder how far the run is.
    new StudyWorker(study).work(plan, run, StudyWorker.Listener.silent(), context::isInterrupted);
    return study.isDone(run);
  }

  private StudyFolder open() {
    Path path = Path.of(folder);
    if (!Files.exists(path.resolve("study.json"))) {
      throw ClusterException.notSeen(folder, host());
    }
    return StudyFolder.open(path);
  }

  private StudyRun run(StudyPlan plan, String id) {
    return plan.runs().stream()
        .filter(run -> run.id().equals(id))
        .findFirst()
        .orElseThrow(() -> ClusterException.otherStudy(folder, host()));
  }

  private static String host() {
    return SparkEnv.get().blockManager().blockManagerId().host();
  }
}
