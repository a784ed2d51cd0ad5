package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `weir patch` on the model that ships with Weir.
class PatchCommandTest {
  private static final String CLEAN = "Tim had a big ball. He loved the";
  private static final String CORRUPT = "Tim had a big hat. He loved the";
  private static final String PAIRS =
      """
      {"prompt": "Tim had a big ball. He loved the", "corrupt": "Tim had a big hat. He loved the", "answer": " ball", "wrong": " hat"}
      {"prompt": "Tim had a big dog. He loved the", "corrupt": "Tim had a big cat. He loved the", "answer": " dog", "wrong": " cat"}
      """;

  @TempDir Path folder;

  private Path pairs() throws IOException {
    return Files.writeString(folder.resolve("pairs.jsonl"), PAIRS);
  }

  private static JsonNode rows(String json) {
    return JsonMapper.builder().build().readTree(json).get("tables").get(0).get("rows");
  }

  @Test
  void theExchangedWordHoldsTheAnswerAtTheStart() {
    var result =
        Shell.here()
            .run(
                "patch",
                "--json",
                "--corrupt",
                CORRUPT,
                "--answer",
                " ball",
                "--wrong",
                " hat",
                CLEAN);
    assertThat(result.err()).isEmpty();
    for (JsonNode row : rows(result.out())) {
      if (row.get(0).stringValue().equals("L0")) {
        boolean exchanged = row.get(1).stringValue().endsWith("ball");
        // float32: differences of logits of size 10 over a distance of 1.
        assertThat(row.get(2).doubleValue()).isCloseTo(exchanged ? 1 : 0, offset(1e-4));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--site z",
        "--method path",
        "--method attribution --steps 2",
        "--method eap",
        "--method trace --subject big --copies 2"
      })
  void everyMethodReadsAFileOfPairs(String options) throws IOException {
    var arguments = new java.util.ArrayList<>(java.util.List.of("patch"));
    arguments.addAll(java.util.List.of(options.replace("big", "had").split(" ", -1)));
    arguments.addAll(java.util.List.of("--prompts", pairs().toString()));
    var result = Shell.here().run(arguments.toArray(String[]::new));
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).contains("The strongest: ").contains("high");
  }

  @Test
  void ablationNeedsNoPairs() {
    var result =
        Shell.here().run("patch", "--method", "ablate", "--replace", "resample", CLEAN, CORRUPT);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).contains("MLP").contains("nats a token");
  }

  @Test
  void whatCannotBePatchedIsOneLineAndNothingIsWritten() {
    Path out = folder.resolve("grid.html");
    String[][] wrong = {
      {"--corrupt", "Tim had a big wooden hat. He loved the", CLEAN},
      {"--corrupt", CLEAN, CLEAN},
      {"--site", "resid_prr", "--corrupt", CORRUPT, CLEAN},
      {"--method", "path", "--to", "L99H0.q", "--corrupt", CORRUPT, CLEAN},
      {"--method", "trace", "--subject", "elephant", CLEAN},
      {CLEAN}
    };
    String[] expected = {
      "The clean prompt has 10 tokens and the corrupted one 12.",
      "The clean and the corrupted prompt are the same.",
      "There is no site 'resid_prr' to patch.",
      "has no receiver 'L99H0.q'.",
      "The prompt has no part 'elephant'.",
      "A prompt has no field 'corrupt'."
    };
    for (int i = 0; i < wrong.length; i++) {
      var arguments =
          new java.util.ArrayList<>(java.util.List.of("patch", "--out", out.toString()));
      arguments.addAll(java.util.List.of(wrong[i]));
      var result = Shell.here().run(arguments.toArray(String[]::new));
      assertThat(result.code()).as(expected[i]).isEqualTo(1);
      assertThat(result.err().lines()).hasSize(1);
      assertThat(result.err()).contains(expected[i]);
      assertThat(out).doesNotExist();
    }
  }
}
