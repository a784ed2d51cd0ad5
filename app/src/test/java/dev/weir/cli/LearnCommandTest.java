package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class LearnCommandTest {
  @TempDir Path folder;

  private Shell.Result learn(String... more) {
    List<String> args =
        new ArrayList<>(List.of("learn", "--quick", "--jobs", "2", "--cells", cells().toString()));
    args.addAll(List.of(more));
    return Shell.here().run(args.toArray(String[]::new));
  }

  private Path cells() {
    return folder.resolve("cells");
  }

  private static JsonNode json(String text) {
    return JsonMapper.builder().build().readTree(text);
  }

  @Test
  void trainsEachModelOnEachTaskAndShowsOneTable() throws IOException {
    Path page = folder.resolve("learn.csv");
    var learned =
        learn("--pathways", "rezero,canon", "--tasks", "mess3,text", "--out", page.toString());
    assertThat(learned.code()).as(learned.err()).isZero();
    assertThat(learned.out())
        .startsWith("model")
        .contains("mess3 (nats)", "start (nats)", "rezero", "canon", "missed all")
        .contains(
            "loss beyond the Bayes optimum, 0.80318 on these examples; learned from 0.002 down");
    assertThat(Files.readAllLines(page)).hasSize(3);
    assertThat(Files.readAllLines(folder.resolve("learn-trials.csv"))).hasSize(5);
    assertThat(cells().resolve("canon-text.json")).exists();
  }

  @Test
  void whatWasDoneIsNotDoneAgain() throws IOException {
    assertThat(learn("--pathways", "pre_norm", "--tasks", "mess3").code()).isZero();
    Path cell = cells().resolve("pre_norm-mess3.json");
    String first = Files.readString(cell);
    Files.setLastModifiedTime(cell, FileTime.fromMillis(1_000));

    var again = learn("--pathways", "pre_norm,layerscale", "--tasks", "mess3", "--json");
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(Files.getLastModifiedTime(cell).toMillis()).isEqualTo(1_000);
    assertThat(json(again.out()).toString()).contains("pre_norm", "layerscale");

    Files.writeString(cell, first.substring(0, 40)); // As a disk that lost power may leave it.
    assertThat(learn("--pathways", "pre_norm", "--tasks", "mess3").code()).isZero();
    assertThat(json(Files.readString(cell)).get("end")).isEqualTo(json(first).get("end"));
  }

  @Test
  void whatIsThereIsShownWithoutTraining() {
    var shown = learn("--pathways", "ddl", "--tasks", "mqar", "--show");
    assertThat(shown.code()).as(shown.err()).isZero();
    assertThat(shown.out()).containsPattern("ddl +not run all +– +– +–");
  }

  @Test
  void anInterruptedRunKeepsWhatIsDoneAndLeavesNoHalfOutcome()
      throws IOException, InterruptedException {
    Assumptions.assumeTrue(
        Files.exists(Path.of("/proc/self")), "Skipped: signals are sent as Linux does");
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Dorg.bytedeco.javacpp.nopointergc=true",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName(),
                "learn",
                "--tasks",
                "mess3",
                "--cells",
                cells().resolve("slow").toString(),
                "--jobs",
                "1")
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    while (process.isAlive() && !Files.exists(cells().resolve("slow"))) {
      Thread.sleep(5);
    }
    process.destroy(); // SIGTERM, which Ctrl-C's SIGINT is treated like.
    assertThat(process.waitFor()).as(Files.readString(output)).isEqualTo(130);
    assertThat(Files.readString(output)).contains("the same command goes on with what is missing");
    try (Stream<Path> left = Files.list(cells().resolve("slow"))) {
      assertThat(left.filter(file -> !file.toString().endsWith(".json"))).isEmpty();
    }
  }

  @Test
  void oneLayerNeedNotRecall() {
    var learned = learn("--pathways", "pre_norm", "--tasks", "mqar", "--layers", "1");
    assertThat(learned.code()).as(learned.err()).isZero();
    assertThat(learned.out()).contains("beyond it").doesNotContain("missed");
  }

  @Test
  void aModelWithoutLayersIsRefused() {
    var learned = learn("--pathways", "dca-2", "--tasks", "mess3", "--layers", "0");
    assertThat(learned.code()).isEqualTo(1);
    assertThat(learned.err()).contains("layers").doesNotContain("\tat ");
  }

  @Test
  void aWrongNameIsOneLineThatSaysTheRightOnes() {
    assertThat(learn("--pathways", "magic").err())
        .contains("There is no pathway or mixer 'magic'", "pre_norm", "shortswa");
    assertThat(learn("--tasks", "chess").err()).contains("'chess'", "mess3, mqar, text");
    assertThat(learn("--text", "/no/such/text").err()).contains("/no/such/text");
    assertThat(learn("--out", "learn.doc").code()).isEqualTo(1);
    assertThat(learn("--jobs", "0").err()).contains("0");
  }
}
