package dev.weir.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.WeirException;
import dev.weir.study.Outcome;
import dev.weir.study.Study;
import dev.weir.study.StudyCluster;
import dev.weir.study.StudyFile;
import dev.weir.study.StudyFolder;
import dev.weir.study.StudyPlan;
import dev.weir.study.StudyRun;
import dev.weir.study.StudyWorker;
import dev.weir.tensor.Engine;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A small study on Spark: two runs at a time in this process, and executors that are processes of
/// their own.
class SparkClusterTest {
  private static final int STEPS = 20;

  /// Enough that nobody is done before a stop is noticed.
  private static final int LONGER = 500;

  @TempDir Path scratch;

  @Test
  void trainsToTheSameBitsAsOneProcess() throws IOException {
    StudyFolder alone = begin("alone", STEPS);
    Engine.useThreads(1);
    new StudyWorker(alone).work(plan(alone), StudyWorker.Listener.silent(), () -> false);
    StudyFolder cluster = begin("cluster", STEPS);
    work(cluster, "local[2]", () -> false);
    assertSame(cluster, alone);
  }

  @Test
  void goesOnWhereItWasStopped() throws IOException {
    StudyFolder alone = begin("alone", LONGER);
    Engine.useThreads(1);
    new StudyWorker(alone).work(plan(alone), StudyWorker.Listener.silent(), () -> false);
    StudyFolder cluster = begin("cluster", LONGER);
    work(
        cluster,
        "local[2]",
        () -> plan(cluster).runs().stream().anyMatch(r -> cluster.logged(r) > 3));
    assertThat(plan(cluster).runs()).anyMatch(run -> cluster.outcome(run).isEmpty());
    work(cluster, "local[2]", () -> false);
    assertSame(cluster, alone);
  }

  @Test
  void aRunThatFailsIsToldInOneLineAndTakesNoOtherWithIt() throws IOException {
    StudyFolder folder = begin("study", STEPS);
    StudyRun damaged = plan(folder).runs().iterator().next();
    Path runs = Files.createDirectories(folder.path().resolve("runs").resolve(damaged.id()));
    Files.writeString(runs.resolve("run.json"), "{");
    Heard heard = new Heard();
    assertThatThrownBy(
            () -> new SparkCluster().work(folder, plan(folder), "local[2]", heard, () -> false))
        .isInstanceOf(WeirException.class)
        .hasMessageStartingWith("1 of 4 runs were not trained");
    assertThat(heard.notes)
        .singleElement()
        .asString()
        .contains(damaged.id(), "run.json")
        .doesNotContain("\n", "\tat ");
    assertThat(plan(folder).runs())
        .allMatch(run -> run.equals(damaged) || folder.outcome(run).isPresent());
  }

  /// What a worker of another process has is left to it.
  @Test
  void aRunThatAnotherHasIsLeftToIt() throws IOException {
    StudyFolder folder = begin("study", STEPS);
    StudyRun taken = plan(folder).runs().iterator().next();
    Path runs = Files.createDirectories(folder.path().resolve("runs").resolve(taken.id()));
    Heard heard = new Heard();
    try (var channel =
            FileChannel.open(
                runs.resolve("taken"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var _ = channel.lock()) {
      new SparkCluster().work(folder, plan(folder), "local[2]", heard, () -> false);
    }
    assertThat(heard.notes).singleElement().asString().contains(taken.id(), "another process");
    assertThat(folder.outcome(taken)).isEmpty();
  }

  /// The executors are processes; the first is killed at its first steps, and Spark tries again.
  @Test
  void aKilledExecutorCostsNothingButTime() throws IOException {
    StudyFolder alone = begin("alone", 3 * STEPS);
    Engine.useThreads(1);
    new StudyWorker(alone).work(plan(alone), StudyWorker.Listener.silent(), () -> false);
    StudyFolder cluster = begin("cluster", 3 * STEPS);
    Killer killer = new Killer(cluster);
    Files.createDirectories(Path.of(System.getenv("SPARK_HOME"), "jars"));
    System.setProperty(
        "spark.executor.extraClassPath",
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    try {
      work(cluster, "local-cluster[1,1,1024]", killer);
    } finally {
      System.clearProperty("spark.executor.extraClassPath");
    }
    assertThat(killer.killed).isTrue();
    assertSame(cluster, alone);
  }

  /// Never says stop, and kills the first executor that has begun; this process has no other child.
  private static final class Killer implements BooleanSupplier {
    private final StudyFolder folder;
    private boolean killed;

    Killer(StudyFolder folder) {
      this.folder = folder;
    }

    @Override
    public boolean getAsBoolean() {
      if (!killed && plan(folder).runs().stream().anyMatch(run -> folder.logged(run) > 3)) {
        killed =
            ProcessHandle.current()
                .descendants()
                .map(ProcessHandle::destroyForcibly)
                .reduce(false, Boolean::logicalOr);
      }
      return false;
    }
  }

  @Test
  void aMasterThatIsNoneIsToldInOneLine() throws IOException {
    StudyFolder folder = begin("study", STEPS);
    assertThatThrownBy(() -> work(folder, "nonsense", () -> false))
        .isInstanceOf(WeirException.class)
        .hasMessageContainingAll("'nonsense'", "--spark", "local[N]");
  }

  @Test
  void aFolderThatAnExecutorDoesNotSeeIsNamed() {
    assertThat(ClusterException.notSeen("shared/study", "worker-3"))
        .hasMessageContainingAll("worker-3", "shared/study", "--out");
  }

  @Test
  void isFoundOnTheClassPath() {
    assertThat(StudyCluster.find()).isInstanceOf(SparkCluster.class);
  }

  // ---------------------------------------------------------------- inside

  private StudyFolder begin(String name, int steps) {
    String yaml =
        """
        name: small
        model: {d_model: 16, n_layers: 1, n_heads: 1, d_mlp: 32}
        recipe: {batch: 128, tokens: %d, looks: 2, look_tokens: 512}
        variants: [{name: plain}, {name: again}]
        tasks: [{name: mess3, source: "task:mess3:length=16"}]
        seeds: 2
        """
            .formatted(steps * 128);
    Study study = StudyFile.parse(yaml, scratch, "the test's study");
    return StudyFolder.of(scratch.resolve(name), study);
  }

  private static StudyPlan plan(StudyFolder folder) {
    return folder.results(System::nanoTime, _ -> {}).plan();
  }

  private static void work(StudyFolder folder, String master, BooleanSupplier stop) {
    Heard heard = new Heard();
    new SparkCluster().work(folder, plan(folder), master, heard, stop);
    assertThat(heard.notes).isEmpty();
  }

  /// The same outcomes, how long they took left out, and the same weights.
  private static void assertSame(StudyFolder one, StudyFolder other) throws IOException {
    for (StudyRun run : plan(one).runs()) {
      assertThat(one.outcome(run).map(SparkClusterTest::timeless))
          .isPresent()
          .isEqualTo(other.outcome(run).map(SparkClusterTest::timeless));
      Path weights = Path.of("runs", run.id(), "model.safetensors");
      assertThat(one.path().resolve(weights)).hasSameBinaryContentAs(other.path().resolve(weights));
    }
  }

  private static Outcome timeless(Outcome o) {
    return new Outcome(
        o.run(),
        o.variant(),
        o.task(),
        o.seed(),
        o.rate(),
        o.steps(),
        o.tokens(),
        o.flops(),
        0,
        o.parameters(),
        o.end(),
        o.curve().stream().map(p -> new Outcome.Point(p.tokens(), p.flops(), 0, p.look())).toList(),
        o.trouble());
  }

  private static final class Heard implements StudyCluster.Listener {
    private final List<String> notes = Collections.synchronizedList(new ArrayList<>());

    @Override
    public void reached(int runs, long steps) {}

    @Override
    public void noted(String what) {
      notes.add(what);
    }
  }
}
