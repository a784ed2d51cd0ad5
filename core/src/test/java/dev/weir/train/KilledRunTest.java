package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.model.LanguageModel;
import dev.weir.model.family.ModelFiles;
import dev.weir.tensor.Engine;
import dev.weir.text.Bos;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A run in a process of its own, which is killed by SIGKILL at moments of luck, with a checkpoint
/// after every step, so that it is as often killed while saving as while computing.
class KilledRunTest {
  private static final int STEPS = 24;
  private static final int KILLS = 4;

  @TempDir Path folder;

  private Path text;

  @BeforeEach
  void write() throws IOException {
    SplittableRandom random = new SplittableRandom(5);
    StringBuilder words = new StringBuilder();
    for (int i = 0; i < 2000; i++) {
      words.append("abcdefgh".charAt(random.nextInt(8))).append(i % 20 == 19 ? "\n\n" : " ");
    }
    text = Files.writeString(folder.resolve("text.txt"), words);
  }

  @Test
  void goesOnToTheSameBitsWheneverItWasKilled() throws IOException, InterruptedException {
    Path whole = begun("whole");
    goOn(whole, STEPS);
    Path killed = begun("killed");
    SplittableRandom random = new SplittableRandom(7);
    List<Integer> reached = new ArrayList<>();
    for (int kill = 0; kill < KILLS; kill++) {
      int target =
          reached.stream().mapToInt(Integer::intValue).max().orElse(0) + 1 + random.nextInt(4);
      Process process = start(killed);
      while (process.isAlive() && lines(killed) < target) {
        Thread.sleep(1);
      }
      Thread.sleep(0, random.nextInt(999_999));
      Thread.sleep(random.nextInt(20));
      process.destroyForcibly();
      assertThat(process.waitFor()).as("killed, not ended").isNotZero();
      reached.add((int) lines(killed));
    }
    assertThat(reached.getLast()).as("it never began again from nothing").isBetween(KILLS, STEPS);
    goOn(killed, STEPS);
    assertThat(TinyRuns.losses(TrainingLog.read(killed.resolve("log.jsonl"))))
        .hasSizeGreaterThan(STEPS)
        .isEqualTo(TinyRuns.losses(TrainingLog.read(whole.resolve("log.jsonl"))));
    assertThat(killed.resolve("model.safetensors"))
        .hasSameBinaryContentAs(whole.resolve("model.safetensors"));
    assertThat(names(killed.resolve("checkpoints")))
        .containsExactly("step-%08d".formatted(STEPS - 1), "step-%08d".formatted(STEPS));
    opens(killed);
  }

  @Test
  void aFullDiskIsOneLineAndTheLastCheckpointStillOpens() throws IOException, InterruptedException {
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/bin/sh")), "Skipped: the limit is set by /bin/sh");
    Path run = begun("full");
    goOn(run, 5);
    // No file may be longer than this many blocks of 512 bytes, as if the disk were full: the log
    // fits, the next checkpoint does not.
    ProcessBuilder limited = new ProcessBuilder("/bin/sh", "-c", "ulimit -f 16; exec \"$@\"", "sh");
    limited.command().addAll(command(run));
    Process process = limited.redirectErrorStream(true).start();
    String said = output(process);
    assertThat(process.waitFor()).as(said).isEqualTo(RunChild.FAILED);
    assertThat(said.strip().lines()).hasSize(1);
    assertThat(said).contains("cannot be written").contains("the disk has room");
    assertThat(names(run.resolve("checkpoints"))).containsExactly("step-00000004", "step-00000005");
    opens(run);

    goOn(run, STEPS); // There is room again.
    Path whole = begun("whole");
    goOn(whole, STEPS);
    assertThat(TinyRuns.losses(TrainingLog.read(run.resolve("log.jsonl"))))
        .isEqualTo(TinyRuns.losses(TrainingLog.read(whole.resolve("log.jsonl"))));
  }

  /// Trains in this process.
  private static void goOn(Path run, int last) {
    RunFolder folder = RunFolder.open(run);
    int threads = Engine.threads();
    Engine.useThreads(folder.plan().threads());
    try (TrainingRun resumed = folder.start(folder.data(), TrainingParts.usual())) {
      folder.run(resumed, _ -> {}, () -> resumed.steps() >= last);
    } finally {
      Engine.useThreads(threads);
    }
  }

  /// The folder of a run is a model with its tokenizer.
  private static void opens(Path run) {
    try (LanguageModel model = ModelFiles.open(run)) {
      assertThat(model.tokenizer().encode("a b", Bos.PREPEND).ids()).hasSizeGreaterThan(2);
    }
  }

  private Path begun(String name) {
    Path run = folder.resolve(name);
    DataSettings where =
        new DataSettings(
            text.toString(),
            Optional.empty(),
            0.1,
            new CorpusFiles(new DocumentRule.BlankLines(), "text", TokenFile.Width.UINT16),
            "");
    RunData found =
        RunData.prepare(where, Optional.of(new RunTokenizer.Bytes()), OptionalInt.empty(), run);
    ModelSettings tiny = TinyRuns.model();
    RunFolder made =
        RunFolder.begin(
            run,
            new RunPlan(
                new ModelSettings(
                    "pre_norm",
                    16,
                    1,
                    2,
                    1,
                    24,
                    found.data().dVocab(),
                    TinyRuns.WINDOW,
                    tiny.norm(),
                    tiny.mlp(),
                    tiny.positions(),
                    tiny.head()),
                where.withDigest(found.digest()),
                TinyRuns.settings(STEPS).withDropout(0.1),
                new RunPlan.Saving(1, 2),
                1));
    return made.path();
  }

  private static long lines(Path run) throws IOException {
    Path log = run.resolve("log.jsonl");
    return Files.exists(log) ? Files.readString(log).lines().count() : 0;
  }

  private static List<String> names(Path checkpoints) throws IOException {
    if (!Files.exists(checkpoints)) {
      return List.of();
    }
    try (Stream<Path> found = Files.list(checkpoints)) {
      return found.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private static Process start(Path run) throws IOException {
    return new ProcessBuilder(command(run)).inheritIO().start();
  }

  private static String output(Process process) throws IOException {
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static List<String> command(Path run) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        "-Dorg.bytedeco.javacpp.nopointergc=true",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
        RunChild.class.getName(),
        run.toString());
  }
}
