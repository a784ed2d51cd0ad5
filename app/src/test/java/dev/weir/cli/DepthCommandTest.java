package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `weir depth` and `weir compress` on the model that ships with Weir.
class DepthCommandTest {
  private static final String PROMPT = "Once upon a time, there was a little girl named Lily.";
  private static final String[] TEXTS = {"--text", "bundled", "--limit", "4", "--window", "24"};

  @TempDir Path folder;

  private static Shell.Result run(String command, String[] more, String... args) {
    return Shell.here()
        .run(
            Stream.of(Stream.of(command), Arrays.stream(more), Arrays.stream(args))
                .flatMap(part -> part)
                .toArray(String[]::new));
  }

  @Test
  void depthSaysWhatEachBlockIsWorth() {
    var result =
        run("depth", TEXTS, "--skip", "2,3", "--repeat", "1x2", "--parallel", "1-3", "--json");
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out())
        .contains("\"blocks\"", "\"experiments\"", "\"updates\"", "\"angles\"")
        .contains("skip 0", "skip 5", "swap 4,5", "skip 2,3", "repeat 1 x2", "parallel 1-3");
  }

  @Test
  void depthDrawsWhatAnAnswerCameThrough() throws Exception {
    Path picture = folder.resolve("graph.svg");
    var result = run("depth", new String[] {"--graph", "--out", picture.toString()}, PROMPT);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(Files.readString(picture)).contains("<svg");
    var shown = run("depth", new String[] {"--graph", "--position", "3"}, PROMPT);
    assertThat(shown.out()).contains("(position 3)").contains("through", "mlp");
  }

  @Test
  void aSmallerModelOpensLikeAnyOther() {
    Path small = folder.resolve("small");
    var result = run("compress", TEXTS, "--drop", "1", "--to", small.toString());
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).contains("dropped", "What it costs", "What it loses");
    assertThat(result.err()).contains("weir read --model");
    var read = Shell.here().run("read", "--model", small.toString(), PROMPT);
    assertThat(read.code()).as(read.err()).isZero();
    assertThat(read.out()).contains("4_pre").doesNotContain("5_pre");
    assertThat(folder.toFile().list()).containsExactly("small");
  }

  @Test
  void aLinearMapAndAShortTrainingHeal() {
    Path linear = folder.resolve("linear");
    var result =
        run(
            "compress",
            TEXTS,
            "--drop",
            "2",
            "--by",
            "angle",
            "--heal",
            "linear",
            "--to",
            linear.toString());
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).contains("replaced by a linear map");
    Path trained = folder.resolve("trained");
    result =
        run(
            "compress",
            TEXTS,
            "--merge",
            "2-3",
            "--heal",
            "2",
            "--batch",
            "1",
            "--data",
            Shell.root().resolve("models/texts/stories.txt").toString(),
            "--to",
            trained.toString());
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).contains("averaged into one, healed with 2 steps", "healed");
    for (Path model : List.of(linear, trained)) {
      var read =
          Shell.here().run("generate", "--model", model.toString(), "--max-tokens", "3", PROMPT);
      assertThat(read.code()).as(read.err()).isZero();
    }
  }

  @Test
  void refusesWhatItCannotDoInOneLine() {
    String to = folder.resolve("small").toString();
    for (String[] args :
        List.of(
            new String[] {"depth", "--skip", "9", PROMPT},
            new String[] {"depth", "--skip", "x", PROMPT},
            new String[] {"depth", "--skip", "0-5", PROMPT},
            new String[] {"depth", "--repeat", "2", PROMPT},
            new String[] {"depth", "--parallel", "3", PROMPT},
            new String[] {"depth", "--graph", "--position", "99", PROMPT},
            new String[] {"depth", "--graph", "--threshold", "2", PROMPT},
            new String[] {"depth", "--graph"},
            new String[] {"compress", "--to", to, PROMPT},
            new String[] {"compress", "--to", to, "--drop", "1", "--blocks", "2", PROMPT},
            new String[] {"compress", "--to", to, "--drop", "6", PROMPT},
            new String[] {"compress", "--to", to, "--blocks", "0-5", PROMPT},
            new String[] {"compress", "--to", to, "--blocks", "6", PROMPT},
            new String[] {"compress", "--to", to, "--drop", "0", PROMPT},
            new String[] {"compress", "--to", folder.toString(), "--drop", "1", PROMPT},
            new String[] {"compress", "--to", to + "/no/such", "--drop", "1", PROMPT},
            new String[] {"compress", "--to", to, "--drop", "1", "--heal", "a bit", PROMPT},
            new String[] {"compress", "--to", to, "--drop", "1", "--heal", "5", PROMPT},
            new String[] {"compress", "--to", to, "--blocks", "1,3", "--heal", "linear", PROMPT},
            new String[] {"compress", "--to", to, "--merge", "2-3", "--heal", "linear", PROMPT},
            new String[] {"compress", "--to", to, "--merge", "9", PROMPT},
            new String[] {
              "compress", "--to", to, "--drop", "1", "--heal", "5", "--data", "no/such", PROMPT
            })) {
      var result = Shell.here().run(args);
      assertThat(result.code()).as(String.join(" ", args)).isEqualTo(1);
      assertThat(result.err().lines().filter(line -> line.contains("To fix")))
          .as(String.join(" ", args) + result.err())
          .hasSize(1);
      assertThat(result.out()).isEmpty();
      assertThat(folder).isEmptyDirectory();
    }
  }
}
