package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `weir circuits` on the model that ships with Weir and on an attention-only one.
class CircuitsCommandTest {

  @TempDir Path folder;

  private static Shell.Result circuits(String... more) {
    String[] args = new String[more.length + 1];
    args[0] = "circuits";
    System.arraycopy(more, 0, args, 1, more.length);
    return Shell.here().run(args);
  }

  private static JsonNode table(Shell.Result result, String name) {
    assertThat(result.err()).isEmpty();
    for (JsonNode table : JsonMapper.builder().build().readTree(result.out()).get("tables")) {
      if (table.get("name").stringValue().equals(name)) {
        return table.get("rows");
      }
    }
    throw new AssertionError("no table " + name);
  }

  @Test
  void showsWhatHeadsLookAtAndWhatTheyAreByTheirWeights() {
    var result = circuits("--draws", "2", "--repeat", "10");
    assertThat(result.code()).isZero();
    assertThat(result.out())
        .contains("L0H0", "previous", "induction", "copying", "token copying")
        .contains("Over 2 texts of a BOS and 10 random tokens, twice")
        .contains("over the second copy; seed 0.");
    assertThat(result.err()).contains("Weights in coordinates: folded (", "norm gains");
  }

  @Test
  void theSameSeedGivesTheSameNumbersAndAnotherOthers() {
    String first = circuits("--draws", "1", "--repeat", "8", "--seed", "3").out();
    assertThat(circuits("--draws", "1", "--repeat", "8", "--seed", "3").out()).isEqualTo(first);
    assertThat(circuits("--draws", "1", "--repeat", "8", "--seed", "4").out()).isNotEqualTo(first);
  }

  @Test
  void readsGivenTextsByTheirOwnRepetitions() {
    var result = circuits("The cat sat. The cat ran.", "The dog sat. The dog ran.");
    assertThat(result.code()).isZero();
    assertThat(result.out()).contains("Over 2 given texts, by the tokens that repeat in them.");
  }

  @Test
  void drawsEveryBlockAgainstEveryHead() throws java.io.IOException {
    Path page = folder.resolve("heads.html");
    assertThat(circuits("--draws", "1", "--repeat", "8", "--out", page.toString()).code()).isZero();
    assertThat(Files.readString(page)).contains("Heads: induction", "Heads: copying score");
  }

  @Test
  void namesThePairsThatComposeMostBesideARandomBaseline() {
    JsonNode pairs = table(circuits("--composition", "--top", "3", "--json"), "pairs");
    assertThat(pairs).hasSize(9);
    assertThat(pairs.get(0).get(0).stringValue()).isEqualTo("Q");
    assertThat(pairs.get(0).get(1).stringValue()).matches("L\\dH\\d->L\\dH\\d");
    assertThat(pairs.get(0).get(2).doubleValue())
        .isGreaterThanOrEqualTo(pairs.get(1).get(2).doubleValue());
  }

  @Test
  void namesTheStrongestVirtualWeights() {
    JsonNode pairs = table(circuits("--virtual", "embed:0.in", "--top", "4", "--json"), "virtual");
    assertThat(pairs).hasSize(4);
    assertThat(pairs.get(0).get(0).stringValue()).startsWith("embed '");
    assertThat(pairs.get(0).get(1).stringValue()).startsWith("0.in ");
    assertThat(Math.abs(pairs.get(0).get(2).doubleValue()))
        .isGreaterThanOrEqualTo(Math.abs(pairs.get(3).get(2).doubleValue()));
  }

  @Test
  void namesTokensAndDirectionsOfAHead() {
    assertThat(circuits("--ov", "L1H0", "--token", " cat").out())
        .contains("What L1H0 adds to the logits when it attends to '·cat'");
    assertThat(circuits("--ov", "1.0").out()).contains("What L1H0 adds to the logit of the token");
    assertThat(circuits("--qk", "L1H0", "--token", " cat", "--distance", "2").out())
        .contains("To what L1H0 attends from '·cat', at distance 2");
    assertThat(circuits("--qk", "L1H0", "--token", " cat").out())
        .contains("not turned by positions");
    assertThat(table(circuits("--svd", "L1H0", "--top", "2", "--json"), "directions")).hasSize(2);
    assertThat(circuits("--svd", "1.out", "--top", "2").out()).contains("W_out of block 1");
  }

  @Test
  void pathsOfAnAttentionOnlyModelAreNamed() {
    var result =
        circuits(
            "--paths",
            "--model",
            Shell.golden("transformer_lens/attn-only-standard"),
            "--tokenizer",
            Shell.root().resolve("models/weir-stories").toString(),
            "--tokens",
            "1,2,3,4,1,2",
            "--json");
    JsonNode orders = table(result, "orders");
    assertThat(orders.get(0).get(2).isNull()).isTrue();
    double last = orders.get(orders.size() - 1).get(1).doubleValue();
    double sum = orders.get(0).get(1).doubleValue();
    for (int i = 1; i < orders.size(); i++) {
      sum += orders.get(i).get(2).doubleValue();
    }
    assertThat(sum).isCloseTo(last, offset(1e-9));
    assertThat(table(result, "paths").get(0).get(0).stringValue()).isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--virtual 1.out:0.in | Nothing that 1.out writes is read by 0.in",
        "--virtual 1.out | is not a writer and a reader",
        "--virtual a:b | Nothing that writes to the stream is called 'a'",
        "--ov L99H1 | no head 1 in a block 99",
        "--ov cat | names no head",
        "--ov L0H0 --token #99999999 | does not exist in a vocabulary",
        "--qk L0H0 | needs a token to attend from",
        "--svd 77.out | Block 77 has no MLP",
        "--composition words | this view reads weights alone",
        "--paths words | block 0 has an MLP",
        "--top 0 | is too small",
        "--out heads.exe | does not say what kind of file"
      })
  void whatCannotBeDoneIsRefusedInOneLine(String args, String message) {
    var result = circuits(args.strip().split(" ", -1));
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.err().strip()).contains(message).hasLineCount(1);
  }

  @Test
  void aRoutedPathwayIsReadByItsPatternsAndRefusedAcrossDepth() {
    String run = folder.resolve("ddl").toString();
    assertThat(
            Shell.here()
                .run(
                    "train",
                    "--data",
                    Shell.root().resolve("models/texts/stories.txt").toString(),
                    "--pathway",
                    "ddl",
                    "--steps",
                    "1",
                    "--layers",
                    "2",
                    "--d-model",
                    "32",
                    "--heads",
                    "2",
                    "--out",
                    run)
                .code())
        .isZero();
    var heads = circuits("--model", run, "--draws", "1", "--repeat", "8");
    assertThat(heads.code()).isZero();
    assertThat(heads.err()).contains("norm gains multiplied into readers");
    var refused = circuits("--model", run, "--composition");
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err()).contains("on the pathway DeepDelta", "weir contributions");
  }
}
