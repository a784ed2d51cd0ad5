package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `weir subvalue` on the model that ships with Weir.
class SubvalueCommandTest {
  private static final String PROMPT = "Once upon a time, there was a little";

  @TempDir Path folder;

  @Test
  void showsWhatAddsToTheAnswer() {
    var result = Shell.here().run("subvalue", "--controls", "4", PROMPT);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out())
        .contains("What adds to '·girl' on weir-stories")
        .contains("0_attn_out", "5_mlp_out", "Value neurons", "Query layers", "Query neurons")
        .contains("The answer with 20 neurons at zero", "as many others");
    assertThat(Shell.here().run("subvalue", "--controls", "4", PROMPT).out())
        .isEqualTo(result.out());
  }

  @Test
  void averagesPromptsByTheFirstTokenOfTheirAnswers() throws IOException {
    Path prompts = folder.resolve("p.jsonl");
    Files.writeString(
        prompts,
        "{\"prompt\": \"%s\", \"answer\": \" girl\"}\n{\"prompt\": \"The birds were\", \"answer\": \" singing\"}\n"
            .formatted(PROMPT));
    Path out = folder.resolve("s.json");
    var result =
        Shell.here()
            .run(
                "subvalue",
                "--prompts",
                prompts.toString(),
                "--neurons",
                "3",
                "--controls",
                "2",
                "--out",
                out.toString());
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(Files.readString(out)).contains("2 prompts", "those found", "MRR");
  }

  @Test
  void refusesWhatItCannotDoInOneLine() {
    for (String[] args :
        List.of(
            new String[] {"subvalue"},
            new String[] {"subvalue", "--token", "#99999", PROMPT},
            new String[] {"subvalue", "--token", "no such token at all", PROMPT},
            new String[] {"subvalue", "--neurons", "0", PROMPT},
            new String[] {"subvalue", "--neurons", "2000", PROMPT},
            new String[] {"subvalue", "--controls", "1", PROMPT})) {
      var result = Shell.here().run(args);
      assertThat(result.code()).as(String.join(" ", args)).isEqualTo(1);
      assertThat(result.err().lines().filter(line -> line.contains("To fix"))).hasSize(1);
      assertThat(result.out()).isEmpty();
    }
  }
}
