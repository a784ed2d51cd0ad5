package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.study.Outcome;
import dev.weir.study.Presets;
import dev.weir.study.StudyFile;
import dev.weir.study.StudyFolder;
import dev.weir.study.StudyResults;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Studies that are stopped, killed, starved of room and gone on with.
class StudyCommandTest {
  private static final int INTERRUPTED = 130;
  private static final int FAREWELL_SECONDS = 60;

  /// Three variants, two seeds; `TOKENS` stands for how long a run is.
  private static final String STUDY =
      """
      name: tiny
      question: does it live?
      model: {d_model: 16, n_layers: 1, n_heads: 1, d_mlp: 32}
      recipe: {batch: 64, tokens: TOKENS, peak: 4e-3, looks: 2, look_tokens: 256}
      variants:
        - {name: plain}
        - {name: swa, mixers: {sublayer: "shortswa:window=4"}}
        - {name: ddl, pathway: ddl}
      tasks:
        - {name: mess3, source: "task:mess3:length=16"}
      budgets: [tokens, flops, parameters]
      seeds: 2
      """;

  @TempDir Path folder;

  @BeforeEach
  void linux() {
    Assumptions.assumeTrue(
        Files.exists(Path.of("/proc/self")), "Skipped: signals are sent as Linux does");
  }

  private Path study(int steps) throws IOException {
    return Files.writeString(
        folder.resolve("study.yaml"), STUDY.replace("TOKENS", Integer.toString(64 * steps)));
  }

  /// The command in a process of its own.
  private Process start(String... args) throws IOException {
    List<String> command = new ArrayList<>(java());
    command.addAll(List.of(args));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(output().toFile())
        .start();
  }

  private static List<String> java() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        "-Dorg.bytedeco.javacpp.nopointergc=true",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
        Main.class.getName());
  }

  private Path output() {
    return folder.resolve("output");
  }

  private Process run(Path file, Path out) throws IOException {
    return start("study", "run", file.toString(), "--out", out.toString(), "--workers", "2");
  }

  private static StudyResults finished(Path file, Path out) {
    var run =
        Shell.here()
            .run("study", "run", file.toString(), "--out", out.toString(), "--workers", "1");
    assertThat(run.code()).as(run.err()).isZero();
    return StudyFolder.open(out).results();
  }

  private static void killTree(Process process) throws InterruptedException {
    List<ProcessHandle> children = process.descendants().toList();
    process.destroyForcibly();
    children.forEach(ProcessHandle::destroyForcibly);
    int _ = process.waitFor();
    children.forEach(child -> child.onExit().join());
  }

  private static long steps(Path out) throws IOException {
    long steps = 0;
    if (Files.isDirectory(out.resolve("runs"))) {
      try (Stream<Path> logs = Files.walk(out.resolve("runs"), 2)) {
        for (Path log : logs.filter(path -> path.endsWith("log.jsonl")).toList()) {
          steps += Files.readString(log).lines().count();
        }
      }
    }
    return steps;
  }

  private static void awaitSteps(Process process, Path out, long steps)
      throws IOException, InterruptedException {
    while (process.isAlive() && steps(out) < steps) {
      Thread.sleep(10);
    }
    assertThat(process.isAlive()).isTrue();
  }

  /// Everything that is not a time.
  private static Map<String, Outcome> withoutTimes(StudyResults results) {
    Map<String, Outcome> timeless = new LinkedHashMap<>();
    results
        .plan()
        .runs()
        .forEach(run -> timeless.put(run.id(), withoutTimes(results.outcome(run).orElseThrow())));
    return timeless;
  }

  private static Outcome withoutTimes(Outcome outcome) {
    return new Outcome(
        outcome.run(),
        outcome.variant(),
        outcome.task(),
        outcome.seed(),
        outcome.rate(),
        outcome.steps(),
        outcome.tokens(),
        outcome.flops(),
        0,
        outcome.parameters(),
        outcome.end(),
        outcome.curve().stream()
            .map(point -> new Outcome.Point(point.tokens(), point.flops(), 0, point.look()))
            .toList(),
        outcome.trouble());
  }

  private static void assertSame(StudyResults found, StudyResults wanted) {
    assertThat(withoutTimes(found)).isEqualTo(withoutTimes(wanted));
    assertThat(found.comparisons()).hasSameSizeAs(wanted.comparisons());
    for (int i = 0; i < found.comparisons().size(); i++) {
      var one = found.comparisons().get(i);
      var other = wanted.comparisons().get(i);
      assertThat(one.contest()).isEqualTo(other.contest());
      assertThat(one.loss()).isEqualTo(other.loss());
      assertThat(one.accuracy()).isEqualTo(other.accuracy());
      assertThat(one.result()).isEqualTo(other.result());
    }
  }

  // ---------------------------------------------------------------- kills

  @Test
  void killedThriceItFindsWhatAnUninterruptedStudyFinds() throws IOException, InterruptedException {
    killedAndResumed(study(120), 3, 5000);
  }

  @Test
  @Tag("long")
  void killedTwentyTimesItFindsWhatAnUninterruptedStudyFinds()
      throws IOException, InterruptedException {
    killedAndResumed(study(2000), 20, 6000);
  }

  /// All processes are killed at random moments, and none knows of it before. Only times differ:
  /// the seconds of outcomes and curves.
  private void killedAndResumed(Path file, int kills, int mostMilliseconds)
      throws IOException, InterruptedException {
    StudyResults wanted = finished(file, folder.resolve("whole"));
    Path out = folder.resolve("killed");
    SplittableRandom random = new SplittableRandom(6);
    int hits = 0;
    for (int kill = 0; kill < kills; kill++) {
      Process process = run(file, out);
      if (!process.waitFor(random.nextInt(200, mostMilliseconds), TimeUnit.MILLISECONDS)) {
        killTree(process);
        hits++;
      }
    }
    assertThat(hits).as("kills before the end").isPositive();
    assertSame(finished(file, out), wanted);
  }

  @Test
  void stopsAfterTheStepAtCtrlCAndReplacesAWorkerThatWasKilled()
      throws IOException, InterruptedException {
    Path file = study(2000);
    Path out = folder.resolve("out");
    Process process = run(file, out);
    awaitSteps(process, out, 20);
    List<ProcessHandle> before = process.children().toList();
    assertThat(before).hasSize(2);
    before.getFirst().destroyForcibly();
    while (process.isAlive()
        && process.children().filter(child -> !before.contains(child)).findAny().isEmpty()) {
      Thread.sleep(10);
    }
    List<ProcessHandle> after = process.children().toList();
    process.destroy(); // SIGTERM, which Ctrl-C's SIGINT is treated like.
    assertThat(process.waitFor()).isEqualTo(INTERRUPTED);
    assertThat(after).noneMatch(ProcessHandle::isAlive);
    assertThat(Files.readString(output()))
        .containsOnlyOnce("ended: killed by signal 9; ")
        .contains("nothing can be compared yet; see: weir study status " + out)
        .contains("stopped; go on with: weir study run " + out);
    var status = Shell.here().run("study", "status", out.toString());
    assertThat(status.out()).contains("0 of 14 runs are done, 0 failed, 0 running");
  }

  @Test
  void stopsAtCtrlCWhilePacesAreMeasuredAndGoesOnLater() throws IOException, InterruptedException {
    Path file = study(20);
    Files.writeString(
        file, Files.readString(file).replace("[tokens, flops, parameters]", "[seconds]"));
    Path out = folder.resolve("out");
    Process process = run(file, out);
    // What is measured after that is memory, by processes.
    while (process.isAlive()
        && (!Files.readString(output()).contains("measured the pace of writing")
            || process.children().findAny().isEmpty())) {
      Thread.sleep(10);
    }
    List<ProcessHandle> probes = process.children().toList();
    assertThat(out.resolve("pace.json")).doesNotExist();
    long before = System.nanoTime();
    process.destroy();
    assertThat(process.waitFor()).isEqualTo(INTERRUPTED);
    assertThat(System.nanoTime() - before).isLessThan(TimeUnit.SECONDS.toNanos(10));
    assertThat(probes).noneMatch(ProcessHandle::isAlive);
    assertThat(Files.readString(output())).contains("stopped; go on with: weir study run " + out);
    assertThat(out.resolve("pace.json")).doesNotExist();
    assertThat(finished(file, out).outcomes()).isNotEmpty();
  }

  @Test
  void workersEndWhenTheirParentWasKilled() throws IOException, InterruptedException {
    Path out = folder.resolve("out");
    Process process = run(study(2000), out);
    awaitSteps(process, out, 20);
    List<ProcessHandle> workers = process.children().toList();
    process.destroyForcibly();
    for (ProcessHandle worker : workers) {
      assertThat(worker.onExit())
          .succeedsWithin(FAREWELL_SECONDS, TimeUnit.SECONDS)
          .matches(ended -> !ended.isAlive());
    }
  }

  @Test
  void twoCommandsShareAFolder() throws IOException, InterruptedException {
    Path file = study(20);
    Path out = folder.resolve("shared");
    Process one = run(file, out);
    Process two = run(file, out);
    assertThat(one.waitFor()).as(Files.readString(output())).isZero();
    assertThat(two.waitFor()).as(Files.readString(output())).isZero();
    assertSame(StudyFolder.open(out).results(), finished(file, folder.resolve("alone")));
  }

  // ---------------------------------------------------------------- no room

  /// Files may not grow beyond a size that a checkpoint passes, as if the disk were full there.
  @Test
  void stopsWithOneLineWhereThereIsNoRoomAndGoesOnWhenThereIs()
      throws IOException, InterruptedException {
    Path file = study(20);
    Path out = folder.resolve("full");
    List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -f 40; exec \"$@\"", "sh"));
    command.addAll(java());
    command.addAll(
        List.of("study", "run", file.toString(), "--out", out.toString(), "--workers", "1"));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output().toFile())
            .start();
    assertThat(process.waitFor()).isEqualTo(1);
    assertThat(Files.readString(output()).lines())
        .singleElement()
        .asString()
        .startsWith("weir: The file cannot be written (File too large). Where: " + out);
    assertSame(finished(file, out), finished(file, folder.resolve("roomy")));
  }

  // ---------------------------------------------------------------- results as files

  @Test
  void resultsAreFilesForOtherTools() throws IOException {
    Path out = folder.resolve("out");
    Path file = study(20);
    Files.writeString(
        file,
        Files.readString(file).replace("tasks:", "  - {name: canon, mixers: {canon: AB}}\ntasks:"));
    StudyResults results = finished(file, out);
    List<JsonNode> runs = lines(out.resolve("results.jsonl"));
    assertThat(runs).hasSameSizeAs(results.plan().runs());
    var first = results.plan().runs().iterator().next();
    Outcome outcome = results.outcome(first).orElseThrow();
    JsonNode line = runs.getFirst();
    assertThat(line.get("run").stringValue()).isEqualTo(first.id());
    assertThat(line.get("loss").doubleValue()).isEqualTo(outcome.end().loss());
    assertThat(line.get("mixers").stringValue()).isEqualTo("sublayer shortswa:window=4");
    assertThat(line.get("budgets").stringValue()).isEqualTo("tokens,parameters");
    assertThat(line.get("trouble").isNull()).isTrue();
    assertThat(lines(out.resolve("curves.jsonl")))
        .hasSize(results.outcomes().values().stream().mapToInt(o -> o.curve().size()).sum());
    List<JsonNode> comparisons = lines(out.resolve("comparisons.jsonl"));
    assertThat(comparisons).hasSize(9 + 2);
    // Beside each other, under equal tokens and equal operations.
    assertThat(comparisons.subList(9, 11))
        .allSatisfy(pair -> {
          assertThat(pair.get("variant").stringValue()).isEqualTo("swa");
          assertThat(pair.get("against").stringValue()).isEqualTo("canon");
        });
    for (String name : List.of("results", "curves", "comparisons")) {
      assertThat(out.resolve(name + ".parquet")).isNotEmptyFile();
    }
    for (String command : List.of("report", "advise")) {
      Path copy = folder.resolve(command + ".json");
      var printed =
          Shell.here().run("study", command, out.toString(), "--json", "--out", copy.toString());
      JsonMapper mapper = JsonMapper.builder().build();
      assertThat(mapper.readTree(printed.out())).isEqualTo(mapper.readTree(Files.readString(copy)));
    }
  }

  private static List<JsonNode> lines(Path file) throws IOException {
    JsonMapper mapper = JsonMapper.builder().build();
    return Files.readString(file).lines().map(mapper::readTree).toList();
  }

  // ---------------------------------------------------------------- presets

  @ParameterizedTest
  @MethodSource("dev.weir.study.Presets#names")
  void aShownPresetIsThePresetWhereverItIsKept(String name) throws IOException {
    Path shown =
        Files.writeString(
            folder.resolve("p.yaml"), Shell.here().run("study", "show", "--preset", name).out());
    Path models = Shell.root().resolve("models");
    assertThat(StudyFile.read(shown, models)).isEqualTo(Presets.of(name, models));
  }

  // ---------------------------------------------------------------- bad input

  @Test
  void saysInOneLineWhatIsNoStudy() throws IOException {
    Path foreign = Files.createDirectory(folder.resolve("foreign"));
    Files.writeString(foreign.resolve("letter.txt"), "Dear all");
    Path damaged = Files.createDirectory(folder.resolve("damaged"));
    Files.writeString(damaged.resolve("study.json"), "{\"name\": 1}");
    Path file = study(20);
    Path unbegun = folder.resolve("unbegun");
    var _ = StudyFolder.of(unbegun, StudyFile.read(file, folder));

    assertFails("There is no study in the folder", "study", "run", foreign.toString());
    assertFails("There is no study in the folder", "study", "report", foreign.toString());
    assertFails("There is no study in the folder", "study", "status", "no/such/folder");
    assertFails(
        "The folder holds other files, and no study",
        "study",
        "run",
        file.toString(),
        "--out",
        foreign.toString());
    String broken = "The file study.json of the study in " + damaged + " is damaged: ";
    assertFails(broken, "study", "report", damaged.toString());
    assertFails(broken, "study", "run", damaged.toString());
    assertFails(broken, "study", "run", file.toString(), "--out", damaged.toString());
    assertFails("Nothing is known of the study yet", "study", "report", unbegun.toString());
    assertFails("Nothing is known of the study yet", "study", "status", unbegun.toString());
    assertFails("Nothing is known of the study yet", "study", "advise", unbegun.toString());
    var _ = StudyFolder.open(unbegun).results(System::nanoTime, _ -> {});
    assertFails("No run of the study is done yet", "study", "advise", unbegun.toString());
    assertFails("--workers 0 is nobody", "study", "run", file.toString(), "--workers", "0");
    assertFails(
        "The folder of a study is named twice",
        "study",
        "run",
        unbegun.toString(),
        "--out",
        foreign.toString());
  }

  private static void assertFails(String what, String... args) {
    var failed = Shell.here().run(args);
    assertThat(failed.code()).isEqualTo(1);
    assertThat(failed.out()).isEmpty();
    assertThat(failed.err().lines()).singleElement().asString().startsWith("weir: " + what);
  }
}
