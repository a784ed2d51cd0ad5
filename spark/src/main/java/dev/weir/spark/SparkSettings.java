package dev.weir.spark;

import java.util.Map;
import org.apache.spark.SparkConf;

/// What Spark is told. Whatever is set by `-Dspark.…` or by `spark-submit` stays as it is.
final class SparkSettings {
  /// What the JVM of an executor needs for the engine. Spark itself adds access to native code.
  private static final String JVM = "-Dorg.bytedeco.javacpp.nopointergc=true";

  private static final String EXECUTOR_JVM = "spark.executor.extraJavaOptions";

  private static final Map<String, String> USUAL =
      Map.of(
          "spark.ui.enabled", "false",
          // Weir's jars hold newer versions of some libraries than Spark's.
          "spark.executor.userClassPathFirst", "true",
          // One thread a run: there are as many runs as cores.
          "spark.executorEnv.OMP_WAIT_POLICY", "PASSIVE",
          "spark.executorEnv.OMP_NUM_THREADS", "1",
          "spark.executorEnv.OPENBLAS_NUM_THREADS", "1");

  private SparkSettings() {}

  /// For a study.
  ///
  /// @param master where the cluster is
  /// @param name the study's
  static SparkConf of(String master, String name) {
    SparkConf settings = new SparkConf().setMaster(master);
    settings.setIfMissing("spark.app.name", "weir study " + name);
    USUAL.forEach(settings::setIfMissing);
    settings.set(EXECUTOR_JVM, (settings.get(EXECUTOR_JVM, "") + " " + JVM).strip());
    // A run that another attempt has is taken, and would be waited for in vain.
    settings.set("spark.speculation", "false");
    // A run is asked to stop and saves itself; an interrupt would close its files under it.
    settings.set("spark.task.reaper.enabled", "false");
    return isLocal(master) ? local(settings) : settings;
  }

  private static boolean isLocal(String master) {
    return master.equals("local") || master.startsWith("local[");
  }

  /// In this process, which has its jars and needs nobody to reach it.
  private static SparkConf local(SparkConf settings) {
    return settings
        .remove("spark.jars")
        .remove("spark.executor.userClassPathFirst")
        .set("spark.driver.bindAddress", "127.0.0.1")
        .set("spark.driver.host", "127.0.0.1");
  }
}
