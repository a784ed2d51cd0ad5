package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.train.TrainingLog;
import dev.weir.train.TrainingStep;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class TrainCommandTest {
  private static final int INTERRUPTED = 130;

  @TempDir Path folder;

  private Path text;

  @BeforeEach
  void write() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      lines.append("The %d. sheep jumps over the fence.\n\n".formatted(i % 17));
    }
    text = Files.writeString(folder.resolve("sheep.txt"), lines);
  }

  /// What trains a tiny model on the sheep, with more options.
  private List<String> tiny(String steps, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "train",
                "--data",
                text.toString(),
                "--out",
                run(),
                "--steps",
                steps,
                "--d-model",
                "16",
                "--layers",
                "1",
                "--heads",
                "2",
                "--window",
                "16",
                "--batch",
                "2",
                "--tokenizer",
                "bytes",
                "--threads",
                "1",
                "--warmup",
                "1"));
    args.addAll(List.of(more));
    return args;
  }

  private String run() {
    return folder.resolve("run").toString();
  }

  private static Shell.Result shell(List<String> args) {
    return Shell.here().run(args.toArray(String[]::new));
  }

  private static JsonNode json(String text) {
    return JsonMapper.builder().build().readTree(text);
  }

  // ---------------------------------------------------------------- a run

  @Test
  void leavesAModelThatOpensALogAndACurve() {
    var trained = shell(tiny("6", "--validate-every", "3"));
    assertThat(trained.err()).contains("pre_norm, 1 layers, d_model 16").contains("weir generate");
    assertThat(trained.code()).isZero();
    assertThat(trained.out())
        .startsWith("Loss\n")
        .contains("⠒⠒ training   ● validation")
        .contains("nats per token")
        .contains("after 6 steps and 192 tokens")
        .doesNotContain("at best");
    Path run = folder.resolve("run");
    assertThat(Files.exists(run.resolve("curve.html"))).isTrue();
    assertThat(Files.exists(run.resolve("curve.png"))).isTrue();
    List<TrainingStep> log = TrainingLog.read(run.resolve("log.jsonl"));
    assertThat(log.stream().map(TrainingStep::step)).containsExactly(1, 2, 3, 4, 5, 6);

    var generated = Shell.here().run("generate", "--model", run(), "-n", "5");
    assertThat(generated.code()).as(generated.err()).isZero();
    var read = Shell.here().run("read", "--model", run(), "The 3. sheep");
    assertThat(read.code()).as(read.err()).isZero();
  }

  @Test
  void saysTheOutcomeAsJson() {
    var trained = shell(tiny("4", "--json"));
    JsonNode outcome = json(trained.out());
    assertThat(outcome.propertyNames())
        .containsExactly(
            "folder", "steps", "tokens", "train_loss", "val_loss", "val_accuracy", "flops");
    assertThat(outcome.get("steps").intValue()).isEqualTo(4);
    assertThat(outcome.get("val_loss").doubleValue()).isBetween(1.0, 6.0);
    // 128 tokens, six operations for each of some 7,000 parameters, and a little for attention.
    assertThat(outcome.get("flops").doubleValue() / (128 * 6 * 7e3)).isBetween(0.7, 1.5);
  }

  @Test
  void goesOnWithNothingButTheFolder() {
    assertThat(shell(tiny("4")).code()).isZero();
    var again = Shell.here().run("train", "--resume", run(), "--json");
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(again.err()).contains("going on after step 4");
    assertThat(json(again.out()).get("steps").intValue()).isEqualTo(4);
  }

  @Test
  void trainsOnASyntheticTaskWithItsOwnWindow() {
    List<String> args =
        List.of(
            "train",
            "--data",
            "task:mess3",
            "--out",
            run(),
            "--steps",
            "3",
            "--d-model",
            "16",
            "--layers",
            "1",
            "--threads",
            "1",
            "--batch",
            "4",
            "--json");
    var trained = shell(args);
    assertThat(trained.code()).as(trained.err()).isZero();
    assertThat(json(trained.out()).get("val_accuracy").doubleValue()).isBetween(0.0, 1.0);
    assertThat(json(trained.out()).get("optimum").doubleValue())
        .isBetween(0.7, json(trained.out()).get("val_loss").doubleValue());
    assertThat(shell(List.of("train", "--resume", run())).code()).isZero();
  }

  @Test
  void anyPathwayCanBeNamedAndItsRoutingIsLogged() {
    var trained = shell(tiny("4", "--pathway", "ddl", "--validate-every", "2"));
    assertThat(trained.code()).as(trained.err()).isZero();
    var statistics =
        TrainingLog.read(folder.resolve("run").resolve("log.jsonl")).getLast().statistics();
    assertThat(statistics).isNotEmpty();
    var read = Shell.here().run("read", "--model", run(), "The 3. sheep");
    assertThat(read.code()).as(read.err()).isZero();
  }

  @Test
  void recomputingActivationsChangesNoLoss() {
    assertThat(shell(tiny("4", "--pathway", "post_norm", "--dropout", "0.1")).code()).isZero();
    List<Double> kept = losses();
    List<String> again = tiny("4", "--pathway", "post_norm", "--dropout", "0.1", "--recompute");
    again.set(again.indexOf(run()), run() + "-again");
    assertThat(shell(again).code()).isZero();
    assertThat(losses(folder.resolve("run-again"))).isEqualTo(kept);
  }

  @Test
  void localMixersCanBeNamedAndOpenAgain() {
    var trained =
        shell(
            tiny(
                "3",
                "--mixer",
                "shortswa:window=4",
                "--branch",
                "shortconv:taps=3",
                "--canon",
                "acd",
                "--values",
                "mixed"));
    assertThat(trained.code()).as(trained.err()).isZero();
    assertThat(shell(List.of("train", "--resume", run())).code()).isZero();
    var read = Shell.here().run("read", "--model", run(), "The 3. sheep");
    assertThat(read.code()).as(read.err()).isZero();
  }

  // ---------------------------------------------------------------- interruption

  @Test
  void anInterruptedRunSavesAndSaysHowToGoOn() throws IOException, InterruptedException {
    Assumptions.assumeTrue(
        Files.exists(Path.of("/proc/self")), "Skipped: signals are sent as Linux does");
    Path output = folder.resolve("output");
    Process process =
        start(tiny("100000", "--validate-every", "100000", "--save-every", "100000"), output);
    Path log = folder.resolve("run").resolve("log.jsonl");
    while (process.isAlive() && !(Files.exists(log) && Files.size(log) > 2000)) {
      Thread.sleep(5);
    }
    process.destroy(); // SIGTERM, which Ctrl-C's SIGINT is treated like.
    int code = process.waitFor();
    String said = Files.readString(output);
    assertThat(code).as(said).isEqualTo(INTERRUPTED);
    List<TrainingStep> steps = TrainingLog.read(log);
    assertThat(said)
        .contains("stopped and saved after step %,d".formatted(steps.size()))
        .contains("weir train --resume " + run());
    assertThat(folder.resolve("run/checkpoints/step-%08d".formatted(steps.size()))).isDirectory();
    var generated = Shell.here().run("generate", "--model", run(), "-n", "3");
    assertThat(generated.code()).as(generated.err()).isZero();
  }

  /// The command in a process of its own.
  private static Process start(List<String> args, Path output) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Dorg.bytedeco.javacpp.nopointergc=true",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName()));
    command.addAll(args);
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(output.toFile())
        .start();
  }

  // ---------------------------------------------------------------- several processes

  /// One process sums over the whole batch, several over their shares: the last bits of float32
  /// (6e-8) of losses near 6, grown over the steps.
  private static final double SHARED = 2e-5;

  private List<Double> losses() {
    return losses(folder.resolve("run"));
  }

  private static List<Double> losses(Path run) {
    return TrainingLog.read(run.resolve("log.jsonl")).stream()
        .flatMap(step -> Stream.of(step.trainLoss(), step.validationLoss().orElse(0)))
        .toList();
  }

  @Test
  void twoProcessesLearnAsOneDoesInterruptedKilledAndResumed()
      throws IOException, InterruptedException {
    Assumptions.assumeTrue(
        Files.exists(Path.of("/proc/self")), "Skipped: signals are sent as Linux does");
    List<String> shared = tiny("60", "--world-size", "2", "--save-every", "5");

    // As Ctrl-C in a terminal, which reaches all processes.
    String stopped =
        ended(
            shared,
            3,
            INTERRUPTED,
            process -> {
              process.children().forEach(ProcessHandle::destroy);
              process.destroy();
            });
    assertThat(stopped).contains("stopped and saved after step");

    String killed =
        ended(
            List.of("train", "--resume", run()),
            20,
            1,
            process -> process.children().forEach(ProcessHandle::destroyForcibly));
    assertThat(killed.lines().filter(line -> line.contains("To fix")))
        .singleElement()
        .asString()
        .contains("Process 1 of 2 ended: killed by signal 9");
    assertThat(killed).contains("the last checkpoint is still good");

    assertThat(shell(List.of("train", "--resume", run())).code()).isZero();
    List<Double> resumed = losses();
    assertThat(losses(elsewhere(shared))).isEqualTo(resumed);
    List<Double> alone = losses(elsewhere(tiny("60", "--save-every", "6")));
    assertThat(resumed).hasSameSizeAs(alone).isNotEqualTo(alone);
    for (int i = 0; i < alone.size(); i++) {
      assertThat(resumed.get(i)).isCloseTo(alone.get(i), within(SHARED));
    }
  }

  /// What a command of several processes says that is ended after a step.
  private String ended(List<String> args, int step, int code, Consumer<Process> how)
      throws IOException, InterruptedException {
    Path output = folder.resolve("output");
    Path log = folder.resolve("run").resolve("log.jsonl");
    Process process = start(args, output);
    while (process.isAlive()
        && !(Files.exists(log) && Files.readString(log).lines().count() >= step)) {
      Thread.sleep(1);
    }
    List<ProcessHandle> children = process.children().toList();
    how.accept(process);
    int found = process.waitFor();
    String said = Files.readString(output);
    assertThat(found).as(said).isEqualTo(code);
    assertThat(children).hasSize(1).noneMatch(ProcessHandle::isAlive);
    return said;
  }

  /// The same run from the start, without interruption.
  private Path elsewhere(List<String> args) throws IOException {
    Path other = Files.createTempDirectory(folder, "other").resolve("run");
    List<String> there = new ArrayList<>(args);
    there.set(there.indexOf(run()), other.toString());
    assertThat(shell(there).code()).isZero();
    return other;
  }

  // ---------------------------------------------------------------- failures

  static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of(List.of("--pathway", "no_such"), "There is no pathway 'no_such'"),
        Arguments.of(List.of("--mixer", "swa"), "'swa' is no local mixer"),
        Arguments.of(List.of("--mixer", "shortswa:taps=4"), "'shortswa:taps=4' is no local mixer"),
        Arguments.of(List.of("--canon", "ABE"), "Canon layers stand at A, B, C and D"),
        Arguments.of(
            List.of("--pathway", "elc", "--mixer", "shortswa"), "ELC-BERT's blocks add nothing"),
        Arguments.of(List.of("--heads", "3"), "a width of 16 cannot be parted into 3 heads"),
        Arguments.of(List.of("--steps", "0"), "make no schedule"),
        Arguments.of(List.of("--warmup", "9"), "make no schedule"),
        Arguments.of(List.of("--batch", "3", "--accumulate", "2"), "cannot be parted evenly"),
        Arguments.of(List.of("--dropout", "1"), "dropout 1.0"),
        Arguments.of(List.of("--lr", "-1"), "make no schedule"),
        Arguments.of(List.of("--dtype", "float16"), "float16 cannot be trained on"),
        Arguments.of(List.of("--dtype", "int3"), "no dtype 'int3'"),
        Arguments.of(List.of("--threads", "0"), "--threads 0"),
        Arguments.of(List.of("--save-every", "0"), "cannot be saved every 0 steps"),
        Arguments.of(List.of("--validation-share", "1"), "share"),
        Arguments.of(List.of("--documents", "pages"), "--documents pages"),
        Arguments.of(List.of("--data", "/no/such/text"), "/no/such/text"),
        Arguments.of(List.of("--data", "task:sudoku"), "sudoku"),
        Arguments.of(List.of("--tokenizer", "/no/such/tokenizer"), "/no/such/tokenizer"),
        Arguments.of(List.of("--window", "100000"), "do not fill a window"),
        Arguments.of(List.of("--world-size", "3"), "cannot be parted evenly among 3 processes"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void aFailureIsOneLineOnStderrAndExitCode1(List<String> more, String said) {
    List<String> args = tiny("4");
    for (String option : more) {
      int at = args.indexOf(option);
      if (option.startsWith("--") && at >= 0) {
        args.subList(at, at + 2).clear();
      }
    }
    args.addAll(more);
    var result = shell(args);
    assertThat(result.code()).as(result.err()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.err().lines().filter(line -> line.contains("To fix"))).hasSize(1);
    assertThat(result.err()).contains(said).doesNotContain("\tat ").doesNotContain("fault of Weir");
  }

  @Test
  void saysThatTheFolderIsTakenOrHoldsNoRun() {
    assertThat(shell(tiny("4")).code()).isZero();
    assertThat(shell(tiny("4")).err()).contains("There is a run or a model already");
    var none = Shell.here().run("train", "--resume", folder.toString());
    assertThat(none.code()).isEqualTo(1);
    assertThat(none.err()).contains("There is no run to go on with");
  }

  @Test
  void saysThatTheTextHasChanged() throws IOException {
    assertThat(shell(tiny("4")).code()).isZero();
    Files.writeString(text, Files.readString(text).replace("fence", "hedge"));
    var changed = Shell.here().run("train", "--resume", run());
    assertThat(changed.code()).isEqualTo(1);
    assertThat(changed.err()).contains("The data are not those that the run began with");
  }

  @Test
  void aUsageErrorIsExitCode2() {
    assertThat(Shell.here().run("train").code()).isEqualTo(2);
    assertThat(Shell.here().run("train", "--out", run()).code()).isEqualTo(2);
    assertThat(Shell.here().run("train", "--resume", run(), "--steps", "5").code()).isEqualTo(2);
    assertThat(shell(tiny("4", "--resume", run())).code()).isEqualTo(2);
    assertThat(shell(tiny("four")).code()).isEqualTo(2);
    assertThat(shell(tiny("4", "--norm", "batch")).code()).isEqualTo(2);
  }
}
