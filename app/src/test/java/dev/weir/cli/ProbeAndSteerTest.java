package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `weir probe` and `weir steer` on the model that ships with Weir.
class ProbeAndSteerTest {
  private static final List<String> NAMES = List.of("Tim", "Lily", "Tom", "Sara", "Ben", "Mia");

  @TempDir Path folder;

  private String labelled() throws IOException {
    return file(
        "labelled.jsonl",
        IntStream.range(0, 24)
            .mapToObj(i ->
                "{\"prompt\": \"%s was %s\", \"label\": \"%s\"}"
                    .formatted(
                        NAMES.get(i % 6),
                        i % 2 == 0 ? "happy" : "sad",
                        i % 2 == 0 ? "good" : "bad"))
            .collect(Collectors.joining("\n")));
  }

  private String pairs() throws IOException {
    return file(
        "pairs.jsonl",
        NAMES.stream()
            .map("{\"prompt\": \"%1$s was happy\", \"minus\": \"%1$s was sad\"}"::formatted)
            .collect(Collectors.joining("\n")));
  }

  private String file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text).toString();
  }

  @Test
  void aProbeReadsTheLastWordUntilItIsErased() throws IOException {
    String direction = folder.resolve("direction.json").toString();
    var result =
        Shell.here()
            .run(
                "probe",
                "--prompts",
                labelled(),
                "--layers",
                "0,1",
                "--erase",
                "--save",
                direction);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out())
        .contains("2 classes: bad, good", "selectivity", "erased", "control")
        .contains("Few types of token");
    assertThat(Files.readString(Path.of(direction))).startsWith("{\"blocks.0.hook_resid_post\":[");
    var steered =
        Shell.here()
            .run(
                "steer",
                "--vector",
                direction,
                "-c",
                "0,3",
                "-n",
                "2",
                "--target",
                " the",
                "Tim was");
    assertThat(steered.code()).as(steered.err()).isZero();
    assertThat(steered.out()).contains("blocks.0.hook_resid_post", "KL (nats)", "p '");
  }

  @Test
  void vectorsComeFromPromptsAndPairsAndAreUsedAgain() throws IOException {
    for (String format : List.of("v.json", "v.npy", "v.safetensors")) {
      String saved = folder.resolve(format).toString();
      var made =
          Shell.here()
              .run(
                  "steer", "--plus", "happy", "--minus", "sad", "--layer", "1", "-c", "0,2", "-n",
                  "0", "--save", saved, "Tim was");
      assertThat(made.code()).as(made.err()).isZero();
      var again =
          Shell.here()
              .run("steer", "--vector", saved, "--layer", "1", "-c", "0,2", "-n", "0", "Tim was");
      assertThat(again.out()).isEqualTo(made.out());
    }
    var ablated =
        Shell.here()
            .run("steer", "--pairs", pairs(), "--layer", "1", "--ablate", "-n", "3", "Tim was");
    assertThat(ablated.code()).as(ablated.err()).isZero();
    assertThat(ablated.out()).contains("ablated");
  }

  @Test
  void findsCircles() {
    var result = Shell.here().run("probe", "--cyclic", "10", "--first", "20");
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).contains("embedding", "frequency", "roundness");
  }

  @Test
  void refusesWhatItCannotDoInOneLine() throws IOException {
    String narrow = file("narrow.json", "[1, 2, 3]");
    String unlabelled = file("unlabelled.jsonl", "{\"prompt\": \"Tim\"}");
    String oneClass = file("one.jsonl", "{\"prompt\": \"Tim\", \"label\": \"a\"}");
    String empty = file("empty.jsonl", "");
    for (String[] args :
        List.of(
            new String[] {"probe"},
            new String[] {"probe", "--prompts", unlabelled},
            new String[] {"probe", "--prompts", oneClass},
            new String[] {"probe", "--prompts", empty},
            new String[] {"probe", "--prompts", labelled(), "--layers", "99"},
            new String[] {"probe", "--prompts", labelled(), "--place", "no_such_place"},
            new String[] {"probe", "--prompts", labelled(), "--position", "99"},
            new String[] {"probe", "--prompts", labelled(), "--held-out", "2"},
            new String[] {"probe", "--prompts", labelled(), "--place", "attn.hook_pattern"},
            new String[] {"probe", "--cyclic", "999999"},
            new String[] {"steer", "Tim was"},
            new String[] {"steer", "--vector", narrow, "--layer", "0", "Tim was"},
            new String[] {"steer", "--vector", "no-such-file.json", "--layer", "0", "Tim was"},
            new String[] {"steer", "--plus", "a", "--layer", "0", "Tim was"},
            new String[] {"steer", "--plus", "a", "--minus", "b", "--layer", "99", "Tim was"},
            new String[] {"steer", "--pairs", unlabelled, "--layer", "0", "Tim was"})) {
      var result = Shell.here().run(args);
      assertThat(result.code()).as(String.join(" ", args)).isEqualTo(1);
      assertThat(result.err().lines().filter(line -> line.contains("To fix")))
          .as(String.join(" ", args) + ": " + result.err())
          .hasSize(1);
      assertThat(result.out()).isEmpty();
    }
  }
}
