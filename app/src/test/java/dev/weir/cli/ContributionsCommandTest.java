package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `weir contributions` and `weir attribute` on the model that ships with Weir.
class ContributionsCommandTest {
  private static final String PROMPT = "Once upon a time, there was a little";

  @TempDir Path folder;

  @Test
  void showsWhoTalksToWhomAndSaysWhatWasFrozen() {
    var result = Shell.here().run("contributions", PROMPT);
    assertThat(result.code()).isZero();
    assertThat(result.out())
        .contains("Who talks to whom", "embed", "3_attn_out", "5_mlp_out", "a0", "m5", "end");
    assertThat(result.err())
        .contains("BOS", "raw coordinates", "frozen", "mean over all positions but the first");
  }

  @Test
  void theSharesOfEveryReaderInAFileAddUpToOne() throws IOException {
    Path prompts =
        Files.writeString(
            folder.resolve("prompts.jsonl"),
            """
            {"prompt": "Once upon a time"}
            {"prompt": "The dog was big. He"}
            {"tokens": [0, 5, 9, 200]}
            """);
    Path out = folder.resolve("matrix.json");
    var result =
        Shell.here()
            .run(
                "contributions",
                "--level",
                "head",
                "--prompts",
                prompts.toString(),
                "--out",
                out.toString());
    assertThat(result.code()).isZero();
    JsonNode table = json(Files.readString(out)).get("tables").get(0);
    Map<String, Double> sums = new HashMap<>();
    for (JsonNode row : table.get("rows")) {
      sums.merge(row.get(2).stringValue(), row.get(4).doubleValue(), Double::sum);
      assertThat(row.get(5).doubleValue()).isLessThanOrEqualTo(row.get(4).doubleValue());
    }
    assertThat(sums).hasSize(13).containsKeys("0_attn_in", "5_mlp_in", "end");
    // Printed as decimals of float32 sums.
    assertThat(sums.values()).allSatisfy(sum -> assertThat(sum).isCloseTo(1, offset(1e-5)));
  }

  @Test
  void listsTheWritersOfOneReaderAndTheSourceTokensOfAHead() {
    var one = Shell.here().run("contributions", "--to", "blocks.3.hook_mlp_in", PROMPT);
    assertThat(one.out()).contains("what is read at 3_mlp_in", "L2H", "add up to 1.000000");
    var sources =
        Shell.here().run("contributions", "--to", "3_mlp_in", "--sources", "L2H1", PROMPT);
    assertThat(sources.out()).contains("L2H1 from 0", "L2H1 from 3").doesNotContain("L2H0");
    var neurons =
        Shell.here()
            .run("contributions", "--to", "end", "--level", "neuron", "--by-weights", PROMPT);
    assertThat(neurons.out()).containsPattern("L\\dN\\d+");
    assertThat(neurons.err()).contains("cW · xW");
  }

  @Test
  void attributesADifferenceOfLogitsOverPrompts() throws IOException {
    Path prompts =
        Files.writeString(
            folder.resolve("pairs.jsonl"),
            """
            {"prompt": "Once upon a time, there was a little", "answer": " girl", "wrong": " boy"}
            {"prompt": "One day, a little", "answer": " girl", "wrong": " boy"}
            """);
    var result = Shell.here().run("attribute", "--json", "--prompts", prompts.toString());
    assertThat(result.code()).isZero();
    double sum = 0;
    for (JsonNode row : json(result.out()).get("tables").get(0).get("rows")) {
      sum += row.get(2).doubleValue();
    }
    String shown = Shell.here().run("attribute", "--prompts", prompts.toString()).out();
    assertThat(shown).contains("2 texts", "95 % interval");
    String marker = "parts add up to ";
    int at = shown.indexOf(marker) + marker.length();
    assertThat(sum)
        .isCloseTo(Double.parseDouble(shown.substring(at, shown.indexOf(' ', at))), offset(6e-5));
  }

  @Test
  void everyLevelOfAttributionAddsUpToTheSameLogit() {
    List<String> totals =
        List.of("layer", "head", "neuron", "source").stream()
            .map(level -> Shell.here().run("attribute", "--level", level, PROMPT).out())
            .map(out -> out.replaceAll("(?s).*add up to (-?\\d+\\.\\d{3}).*", "$1"))
            .toList();
    assertThat(totals).hasSize(4).containsOnly(totals.getFirst());
  }

  @Test
  void saysWhenThePartsDoNotAddUp() {
    var frozen = Shell.here().run("attribute", PROMPT);
    assertThat(frozen.err()).contains("frozen").doesNotContain("do not add up");
    var alone = Shell.here().run("attribute", "--own-scale", PROMPT);
    assertThat(alone.code()).isZero();
    assertThat(alone.err())
        .contains("The parts do not add up", "every part is normed with a scale of its own");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          contributions --to 9_mlp_in Once                | Nothing in this model reads the stream at '9_mlp_in'
          contributions --level neuron Once               | Neurons are listed for one reader
          contributions --position 99 Once                | Position 99 is outside a text of
          contributions --sources L9H9 Once               | No head 'L9H9' writes before end
          attribute --minus #5 Once                       | --minus needs a token
          attribute --token #99999 Once                   | Token 99999 does not exist
          attribute --own-scale --level neuron Once       | --own-scale goes down to heads and MLPs
          attribute --position 99 Once                    | 99
          """)
  void badInputIsRefusedInOneLineAndNothingIsWritten(String line, String why) {
    Path out = folder.resolve("out.json");
    String[] words = line.strip().split(" ", -1);
    String[] args = new String[words.length + 2];
    System.arraycopy(words, 0, args, 0, words.length);
    args[words.length] = "--out";
    args[words.length + 1] = out.toString();
    var result = Shell.here().run(args);
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err()).contains(why).contains("To fix:");
    assertThat(result.err().lines().filter(text -> text.contains("To fix:"))).hasSize(1);
    assertThat(out).doesNotExist();
  }

  private static JsonNode json(String text) {
    return JsonMapper.builder().build().readTree(text);
  }
}
