package dev.weir.spark;

import dev.weir.study.StudyCluster;
import dev.weir.study.StudyFolder;
import dev.weir.study.StudyPlan;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.hadoop.util.ShutdownHookManager;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/// Trains a study on Apache Spark: each run is a job of one task, so that one that fails takes no
/// other with it. Spark tries a task again whose executor was lost, and the run goes on from its
/// last checkpoint.
public final class SparkCluster implements StudyCluster {
  /// Before Spark's own, whose priorities are below 100.
  private static final int FIRST = 1000;

  /// How long the work may take to save itself when the process is asked to end.
  private static final int HOURS = 1;

  /// Made by [java.util.ServiceLoader].
  public SparkCluster() {}

  @Override
  public void work(
      StudyFolder folder, StudyPlan plan, String master, Listener listener, BooleanSupplier stop) {
    CountDownLatch over = new CountDownLatch(1);
    Runnable wait = () -> awaitQuietly(over);
    ShutdownHookManager hooks = ShutdownHookManager.get();
    hooks.addShutdownHook(wait, FIRST, HOURS, TimeUnit.HOURS);
    try (JavaSparkContext spark = start(SparkSettings.of(master, folder.study().name()), master)) {
      new RunJobs(spark, folder, plan, listener).work(stop);
    } finally {
      over.countDown();
      if (!hooks.isShutdownInProgress()) {
        hooks.removeShutdownHook(wait);
      }
    }
  }

  /// Spark ends when the process is asked to, and this holds it back until runs are saved.
  private static void awaitQuietly(CountDownLatch over) {
    try {
      over.await();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private static JavaSparkContext start(SparkConf settings, String master) {
    try {
      return new JavaSparkContext(settings);
    } catch (Exception e) {
      throw ClusterException.noMaster(master, Reasons.of(e), e);
    }
  }
}
