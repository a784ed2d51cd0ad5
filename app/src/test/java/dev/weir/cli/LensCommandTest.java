package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `weir lens` on the model that ships with Weir.
class LensCommandTest {
  private static final String PROMPT = "Once upon a time, there was a little";

  @TempDir Path folder;

  @Test
  void showsOneTextPlaceByPlace() {
    var result = Shell.here().run("lens", PROMPT);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out())
        .contains("The logit lens on weir-stories", "0_pre", "0_mid", "final_post")
        .contains("p and rank are of '·girl'; final norm recomputed; raw coordinates.")
        .contains("one text has no confidence interval");
  }

  @Test
  void averagesManyTextsWithIntervals() throws IOException {
    Path prompts = folder.resolve("prompts.jsonl");
    Files.writeString(
        prompts,
        "{\"prompt\": \"One day\"}\n{\"tokens\": [0, 5, 6, 7]}\n{\"prompt\": \"The dog ran\"}\n");
    var result =
        Shell.here()
            .run("lens", "--without-first", "--norm", "final", "--prompts", prompts.toString());
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out())
        .contains("3 texts", "±KL", "95 % confidence interval over texts")
        .contains("final norm with the scale of the final stream");
  }

  @ParameterizedTest
  @ValueSource(strings = {"updates", "heads"})
  void showsWhatWritesSay(String of) {
    var result = Shell.here().run("lens", "--of", of, PROMPT);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out())
        .contains("embed", "5_mlp_out", "add up to the logit of '·girl'")
        .contains(of.equals("heads") ? "L5H3" : "5_attn_out");
  }

  @Test
  void showsWhatWeightsAndDirectionsSay() throws IOException {
    var head = Shell.here().run("lens", "--of", "head:4.1");
    assertThat(head.out()).contains("L4H1 σ0", "final norm without its scale");
    var neuron = Shell.here().run("lens", "--of", "neuron:2.17", PROMPT);
    assertThat(neuron.out()).contains("L2N17", "carried and normed as in the run at position 9");
    Path file = folder.resolve("d.json");
    Files.writeString(file, "{\"first\": [1" + ", 0".repeat(127) + "]}");
    var direction = Shell.here().run("lens", "--of", file.toString());
    assertThat(direction.code()).as(direction.err()).isZero();
    assertThat(direction.out()).contains("first");
    assertThat(direction.err()).contains("1 of 1 directions");
  }

  @Test
  void tunesALensAndLooksThroughIt() {
    Path lens = folder.resolve("lens");
    var tuned =
        Shell.here()
            .run(
                "lens",
                "--train",
                lens.toString(),
                "--text",
                "bundled",
                "--limit",
                "4",
                "--window",
                "24",
                "--steps",
                "6",
                "--batch",
                "2");
    assertThat(tuned.code()).as(tuned.err()).isZero();
    assertThat(tuned.out()).contains("A tuned lens for weir-stories", "tuned lens (nats)");
    assertThat(tuned.err()).contains("3 texts learned from, 1 kept apart");
    var result = Shell.here().run("lens", "--lens", "tuned:" + lens, PROMPT);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).contains("The tuned lens of weir-stories on weir-stories", "5_pre");
    var other =
        Shell.here()
            .run(
                "lens",
                "--model",
                Shell.golden("models/gpt2"),
                "--tokenizer",
                Shell.root().resolve("models/weir-stories").toString(),
                "--lens",
                "tuned:" + lens,
                "--tokens",
                "1,2");
    assertThat(other.code()).isEqualTo(1);
    assertThat(other.err()).contains("The lens was tuned for a model with d_model 128");
  }

  @Test
  void readsOneTextFromAFileAsFromAnArgument() throws IOException {
    String line = "{\"prompt\": \"%s\"}\n".formatted(PROMPT);
    Path one = Files.writeString(folder.resolve("one.jsonl"), line);
    Path two = Files.writeString(folder.resolve("two.jsonl"), line + line);
    var fromFile = Shell.here().run("lens", "--of", "heads", "--prompts", one.toString());
    assertThat(fromFile.code()).as(fromFile.err()).isZero();
    assertThat(fromFile.out()).isEqualTo(Shell.here().run("lens", "--of", "heads", PROMPT).out());
    var several = Shell.here().run("lens", "--of", "heads", "--prompts", two.toString());
    assertThat(several.code()).isEqualTo(1);
    assertThat(several.err()).contains("Several texts are given");
  }

  @ParameterizedTest
  @ValueSource(strings = {"l.html", "l.json", "l.csv", "l.parquet", "l.png", "l.svg"})
  void writesEveryFormat(String name) throws IOException {
    Path out = folder.resolve(name);
    var result = Shell.here().run("lens", "--out", out.toString(), PROMPT);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).isEmpty();
    assertThat(Files.size(out)).isGreaterThan(100);
  }

  @Test
  void refusesWhatItCannotDoInOneLine() throws IOException {
    Path narrow = Files.writeString(folder.resolve("narrow.json"), "[1, 2, 3]");
    Path empty = Files.writeString(folder.resolve("empty.jsonl"), "\n");
    for (String[] args :
        List.of(
            new String[] {"lens"},
            new String[] {"lens", "--lens", "telescope", PROMPT},
            new String[] {"lens", "--lens", "tuned:" + folder.resolve("none"), PROMPT},
            new String[] {"lens", "--lens", "tuned:x", "--norm", "final", PROMPT},
            new String[] {"lens", "--of", "neuron:99.0"},
            new String[] {"lens", "--of", "head:0.99"},
            new String[] {"lens", "--of", narrow.toString()},
            new String[] {"lens", "--of", folder.resolve("none.npy").toString()},
            new String[] {"lens", "--of", "heads"},
            new String[] {"lens", "--of", "heads", "two", "texts"},
            new String[] {"lens", "--position", "99", PROMPT},
            new String[] {"lens", "--target", "#99999", PROMPT},
            new String[] {"lens", "--prompts", empty.toString()},
            new String[] {"lens", "--top", "0", PROMPT},
            new String[] {"lens", "--train", folder.resolve("t").toString(), PROMPT},
            new String[] {"lens", "--train", narrow.toString(), "a", "b"},
            new String[] {"lens", "--train", Shell.golden("models/gpt2"), "a", "b"},
            new String[] {"lens", "--out", folder.resolve("l.doc").toString(), PROMPT})) {
      var result = Shell.here().run(args);
      assertThat(result.code()).as(String.join(" ", args)).isEqualTo(1);
      assertThat(result.err().lines().filter(line -> line.contains("To fix")))
          .as(result.err())
          .hasSize(1);
      assertThat(result.out()).isEmpty();
    }
    assertThat(folder.resolve("t")).doesNotExist();
  }
}
