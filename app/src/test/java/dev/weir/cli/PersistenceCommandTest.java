package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.weir.view.NpyArray;
import dev.weir.view.NpyWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `weir persistence` on the model that ships with Weir.
class PersistenceCommandTest {
  private static final String PROMPT = "Once upon a time, there was a little girl";

  @TempDir Path folder;

  private static Shell.Result run(String... args) {
    String[] all = new String[args.length + 1];
    all[0] = "persistence";
    System.arraycopy(args, 0, all, 1, args.length);
    return Shell.here().run(all);
  }

  private static JsonNode table(Shell.Result result, String name) {
    assertThat(result.code()).as(result.err()).isZero();
    for (JsonNode table : JsonMapper.builder().build().readTree(result.out()).get("tables")) {
      if (table.get("name").stringValue().equals(name)) {
        return table;
      }
    }
    throw new AssertionError(name);
  }

  private static double number(JsonNode table, int row, String column) {
    List<String> names =
        table.get("columns").valueStream().map(c -> c.get("name").stringValue()).toList();
    return table.get("rows").get(row).get(names.indexOf(column)).doubleValue();
  }

  @Test
  void showsWhatBecomesOfEveryWrite() {
    var result = run(PROMPT);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out())
        .contains("embed", "0_attn_out", "5_mlp_out")
        .contains("kept", "others", "share_last", "half_life");
    assertThat(result.err()).contains("raw coordinates").contains("95 %");
  }

  @Test
  void whoPutWhatAlongAWriteAddsUp() {
    var result = run("--json", "--of", "L1H2", PROMPT);
    JsonNode writers = table(result, "writers");
    JsonNode curve = table(result, "curve");
    double sum =
        IntStream.range(0, writers.get("rows").size())
            .mapToDouble(row -> number(writers, row, "along"))
            .sum();
    int last = curve.get("rows").size() - 1;
    // Float32, summed in another order.
    assertThat(sum).isCloseTo(number(curve, last, "along"), offset(1e-3));
    assertThat(number(curve, last, "kept")).isCloseTo(1, offset(1e-5));
  }

  @Test
  void aDirectionIsReadFromEveryFormat() throws IOException {
    double[] direction = IntStream.range(0, 128).mapToDouble(i -> Math.sin(i)).toArray();
    Path json = folder.resolve("direction.json");
    Files.writeString(
        json,
        Arrays.stream(direction)
            .mapToObj(String::valueOf)
            .collect(Collectors.joining(",", "[", "]")));
    Path npy = folder.resolve("direction.npy");
    NpyWriter.write(NpyArray.of(direction, direction.length), npy);
    var ofJson = run("--json", "--direction", json.toString(), PROMPT);
    var ofNpy = run("--json", "--direction", npy.toString(), PROMPT);
    assertThat(number(table(ofJson, "curve"), 3, "along"))
        .isEqualTo(number(table(ofNpy, "curve"), 3, "along"))
        .isNotZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--ratios --top 3",
        "--ratios --of embed --all",
        "--candidates",
        "--repair L4H0",
        "--repair 4_mlp_out --everywhere",
        "--suppression --mechanism L5H1 --top 3",
        "--norms"
      })
  void everyViewIsShownAndWritten(String options) {
    String[] args = (options + " X").split(" ", -1);
    args[args.length - 1] = PROMPT;
    var shown = run(args);
    assertThat(shown.code()).as(shown.err()).isZero();
    assertThat(shown.out()).contains("one text").doesNotContain("NaN");
    assertThat(shown.err()).contains("raw coordinates");
    Path out = folder.resolve("r.html");
    String[] written = new String[args.length + 2];
    System.arraycopy(args, 0, written, 2, args.length);
    written[0] = "--out";
    written[1] = out.toString();
    assertThat(run(written).code()).isZero();
    assertThat(out).isNotEmptyFile();
  }

  @Test
  void weightsNeedNoText() {
    var result = run("--candidates");
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).contains("weights alone").contains("chance_least");
    assertThat(run("--candidates").out()).isEqualTo(result.out());
  }

  @Test
  void promptsMayNameTheAnswer() throws IOException {
    Path prompts = folder.resolve("prompts.jsonl");
    Files.writeString(
        prompts,
        """
        {"prompt": "Once upon a time, there was a little", "answer": " girl", "wrong": " boy"}
        {"prompt": "The sun was", "answer": " girl", "wrong": " boy"}
        """);
    var result = run("--json", "--repair", "L5H1", "--prompts", prompts.toString());
    JsonNode totals = table(result, "totals");
    double sum = IntStream.range(0, 5).mapToDouble(row -> number(totals, row, "logit")).sum();
    assertThat(sum).isCloseTo(number(totals, 5, "logit"), offset(1e-4));
    assertThat(result.out()).contains("2 texts");
  }

  @Test
  void refusesWhatItCannotDoInOneLine() throws IOException {
    Path two = folder.resolve("two.json");
    Files.writeString(two, "[1, 2]");
    Path words = folder.resolve("words.json");
    Files.writeString(words, "[\"a\"]");
    Path npy = folder.resolve("bad.npy");
    Files.writeString(npy, "not numpy at all");
    for (String[] args :
        List.of(
            new String[] {},
            new String[] {"--of", "L9H9", PROMPT},
            new String[] {"--of", "nothing", PROMPT},
            new String[] {"--norms", "--of", "embed", PROMPT},
            new String[] {"--norms", "--position", "2", PROMPT},
            new String[] {"--ratios", "--of", "embed", "--of", "L0H0", PROMPT},
            new String[] {"--mechanism", "L0H0", PROMPT},
            new String[] {"--suppression", "--mechanism", "0_mlp_out", PROMPT},
            new String[] {"--everywhere", PROMPT},
            new String[] {"--repair", "embed", PROMPT},
            new String[] {"--delta", PROMPT},
            new String[] {"--position", "99", PROMPT},
            new String[] {"--tokens", "5"},
            new String[] {"--direction", two.toString(), PROMPT},
            new String[] {"--direction", words.toString(), PROMPT},
            new String[] {"--direction", npy.toString(), PROMPT},
            new String[] {"--direction", folder.resolve("absent.npy").toString(), PROMPT},
            new String[] {"--out", folder.resolve("x.doc").toString(), PROMPT})) {
      var result = run(args);
      assertThat(result.code()).as(String.join(" ", args)).isEqualTo(1);
      assertThat(result.err().lines().filter(line -> line.contains("To fix")))
          .as(String.join(" ", args))
          .hasSize(1);
      assertThat(result.out()).isEmpty();
    }
    assertThat(folder.toFile().list()).hasSize(3);
  }
}
