package dev.weir.spark;

import dev.weir.study.StudyCluster;
import dev.weir.study.StudyFolder;
import dev.weir.study.StudyPlan;
import dev.weir.study.StudyRun;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.apache.spark.SparkExecutorInfo;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;

/// The jobs of a study, watched until they are over.
final class RunJobs {
  private static final Duration PAUSE = Duration.ofMillis(200);

  /// Between two looks into the folder.
  private static final Duration LOOK = Duration.ofSeconds(2);

  /// After which a cluster that has begun nothing is remarked on.
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /// How long tasks may take to end their step and save.
  private static final Duration SAVING = Duration.ofMinutes(5);

  /// How long a run may stay taken beyond that; one whose executor was lost stays so for good.
  private static final Duration LATE = Duration.ofSeconds(20);

  /// A shared disk may show late what another machine wrote.
  private static final Duration DISK = Duration.ofMinutes(1);

  private final JavaSparkContext spark;
  private final StudyFolder folder;
  private final StudyPlan plan;
  private final StudyCluster.Listener listener;
  private final RunTask task;
  private final long start = System.nanoTime();
  private final List<Job> waiting = new ArrayList<>();
  private final List<StudyRun> unseen = new ArrayList<>();
  private long nextLook = LOOK.toNanos();
  private boolean mayBeIdle = true;
  private int failed;

  private record Job(StudyRun run, JavaFutureAction<List<Boolean>> result) {}

  RunJobs(
      JavaSparkContext spark, StudyFolder folder, StudyPlan plan, StudyCluster.Listener listener) {
    this.spark = spark;
    this.folder = folder;
    this.plan = plan;
    this.listener = listener;
    this.task = new RunTask(folder.path().toAbsolutePath().normalize().toString());
  }

  /// Trains what is missing.
  ///
  /// @param stop whether to stop
  void work(BooleanSupplier stop) {
    plan.runs().stream()
        .filter(run -> !folder.isDone(run))
        .forEach(run -> waiting.add(new Job(run, submit(run))));
    int asked = waiting.size();
    while (!waiting.isEmpty() && !stop.getAsBoolean() && pause()) {
      waiting.removeIf(this::isOver);
      requireCluster();
      look();
    }
    if (waiting.isEmpty()) {
      awaitSight(stop);
      requireAll(asked);
    } else {
      cancel();
    }
  }

  private JavaFutureAction<List<Boolean>> submit(StudyRun run) {
    spark.setJobDescription(name(run));
    return spark.parallelize(List.of(run.id()), 1).map(task).collectAsync();
  }

  private static String name(StudyRun run) {
    return "%s, %s, seed %d (%s)"
        .formatted(run.variant().name(), run.task().name(), run.seed(), run.id());
  }

  private boolean isOver(Job job) {
    if (!job.result().isDone()) {
      return false;
    }
    try {
      if (!job.result().get().getFirst()) {
        listener.noted(name(job.run()) + " is worked on by another process");
      } else if (!folder.isDone(job.run())) {
        unseen.add(job.run());
      }
    } catch (ExecutionException e) {
      fail(job.run(), Reasons.of(e.getCause() == null ? e : e.getCause()));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return true;
  }

  private void fail(StudyRun run, String reason) {
    requireCluster();
    failed++;
    listener.noted(name(run) + " failed: " + reason);
  }

  private void requireCluster() {
    if (spark.sc().isStopped()) {
      throw ClusterException.lost(spark.master());
    }
  }

  private void requireAll(int asked) {
    unseen.forEach(run ->
        fail(
            run,
            "it was trained, but into a folder of the same name that this machine does not see"));
    if (failed > 0) {
      throw ClusterException.notTrained(failed, asked, folder.path().toString());
    }
  }

  // ---------------------------------------------------------------- watching

  private void look() {
    long now = System.nanoTime() - start;
    if (now < nextLook) {
      return;
    }
    nextLook = now + LOOK.toNanos();
    Set<StudyRun> open = waiting.stream().map(Job::run).collect(Collectors.toSet());
    int runs = 0;
    long steps = 0;
    for (StudyRun run : plan.runs()) {
      boolean isDone = !open.contains(run);
      runs += isDone ? 1 : 0;
      steps += isDone ? run.steps() : folder.logged(run);
    }
    listener.reached(runs, steps);
    mayBeIdle &= running() == 0;
    if (mayBeIdle && now > PATIENCE.toNanos()) {
      mayBeIdle = false;
      listener.noted(
          "no executor has begun a run yet; see whether the cluster has a free core and the memory of spark.executor.memory");
    }
  }

  private int running() {
    return Arrays.stream(spark.sc().statusTracker().getExecutorInfos())
        .mapToInt(SparkExecutorInfo::numRunningTasks)
        .sum();
  }

  private void awaitSight(BooleanSupplier stop) {
    long until = System.nanoTime() + DISK.toNanos();
    unseen.removeIf(run -> folder.isDone(run));
    while (!unseen.isEmpty() && System.nanoTime() < until && !stop.getAsBoolean() && pause()) {
      unseen.removeIf(run -> folder.isDone(run));
    }
  }

  /// Asks the tasks to stop, and waits until they have saved.
  private void cancel() {
    waiting.forEach(job -> job.result().cancel(true));
    long until = System.nanoTime() + SAVING.toNanos();
    while (System.nanoTime() < until && !spark.sc().isStopped() && running() > 0 && pause()) {}
    // Spark tells late, or not at all, of a task that has only begun.
    long late = System.nanoTime() + LATE.toNanos();
    while (System.nanoTime() < late && isSomethingTaken() && pause()) {}
  }

  private boolean isSomethingTaken() {
    return waiting.stream().anyMatch(job -> folder.takenBy(job.run()).isPresent());
  }

  /// Whether nobody interrupted this thread.
  private static boolean pause() {
    try {
      Thread.sleep(PAUSE);
      return true;
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
