package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `weir read` on the model that ships with Weir.
class ReadCommandTest {
  private static final String PROMPT = "Once upon a time, there was a little";

  @TempDir Path folder;

  @Test
  void showsTheStreamAtTheLastPosition() {
    var result = Shell.here().run("read", PROMPT);
    assertThat(result.code()).isZero();
    assertThat(result.out())
        .contains("the model says")
        .contains("0_pre", "0_mid", "final_post")
        .contains("entropy", "KL", "rank", "norm", "cos")
        .contains("Who writes for");
    assertThat(result.err()).contains("BOS");
  }

  @Test
  void whatIsPrintedAgreesWithWhatIsWritten() {
    var result = Shell.here().run("read", "--json", PROMPT);
    JsonNode tables = json(result.out()).get("tables");
    JsonNode stream = table(tables, "stream");
    int positions = positions(stream);
    assertThat(positions).isGreaterThan(5);
    assertThat(Shell.here().run("read", PROMPT).out())
        .contains("(position %d)".formatted(positions - 1));
    JsonNode last = rows(stream).getLast();
    assertThat(last.get(column(stream, "place")).stringValue()).isEqualTo("final_post");
    assertThat(last.get(column(stream, "kl_to_final")).doubleValue()).isZero();
    assertThat(last.get(column(stream, "answer_rank")).intValue()).isZero();
  }

  @Test
  void aFileIsWrittenAlsoWhereTheResultIsPrinted() throws IOException {
    Path file = folder.resolve("read.json");
    var result = Shell.here().run("read", "--json", "--out", file.toString(), PROMPT);
    assertThat(result.err()).contains("wrote " + file);
    assertThat(json(result.out())).isEqualTo(json(Files.readString(file)));
  }

  /// At every position the parts add up to the same logit for the same answer, whatever order they
  /// are listed in: direct logit attribution is a decomposition.
  @Test
  void thePartsAddUpToTheLogit() {
    JsonNode tables = json(Shell.here().run("read", "--json", PROMPT).out()).get("tables");
    JsonNode parts = table(tables, "parts");
    int last = positions(parts) - 1;
    double sum =
        rows(parts).stream()
            .filter(row -> row.get(column(parts, "position")).intValue() == last)
            .filter(row -> !row.get(column(parts, "kind")).stringValue().equals("neuron"))
            .mapToDouble(row -> row.get(column(parts, "logit")).doubleValue())
            .sum();
    String shown = Shell.here().run("read", PROMPT).out();
    String marker = "add up to the logit, ";
    int at = shown.indexOf(marker) + marker.length();
    // Shown with three decimals.
    assertThat(sum)
        .isCloseTo(Double.parseDouble(shown.substring(at, shown.indexOf(';', at))), offset(6e-4));
  }

  private static int positions(JsonNode table) {
    int column = column(table, "position");
    return 1 + rows(table).stream().mapToInt(row -> row.get(column).intValue()).max().orElseThrow();
  }

  private static JsonNode json(String text) {
    return JsonMapper.builder().build().readTree(text);
  }

  private static JsonNode table(JsonNode tables, String name) {
    for (JsonNode table : tables) {
      if (table.get("name").stringValue().equals(name)) {
        return table;
      }
    }
    throw new AssertionError(name);
  }

  private static List<JsonNode> rows(JsonNode table) {
    return table.get("rows").valueStream().toList();
  }

  private static int column(JsonNode table, String name) {
    List<String> names =
        table.get("columns").valueStream().map(c -> c.get("name").stringValue()).toList();
    assertThat(names).contains(name);
    return names.indexOf(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"r.html", "r.json", "r.csv", "r.parquet", "r.png", "r.svg"})
  void writesEveryFormat(String name) throws IOException {
    Path out = folder.resolve(name);
    var result = Shell.here().run("read", "--out", out.toString(), PROMPT);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).isEmpty();
    assertThat(Files.size(out)).isGreaterThan(100);
  }

  @Test
  void followsAnotherTokenAtAnotherPosition() {
    var result = Shell.here().run("read", "--position", "2", "--target", "#5", PROMPT);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).contains("(position 2)");
  }

  @Test
  void refusesWhatItCannotDoInOneLine() {
    for (String[] args :
        List.of(
            new String[] {"read"},
            new String[] {"read", "two", "prompts"},
            new String[] {"read", "--position", "99", "hello"},
            new String[] {"read", "--target", "no such token at all", "hello"},
            new String[] {"read", "--target", "#999999", "hello"},
            new String[] {"read", "--out", folder.resolve("x.doc").toString(), "hello"},
            new String[] {"read", "--out", folder.resolve("no/such/x.html").toString(), "hello"},
            new String[] {"read", "word ".repeat(2000)})) {
      var result = Shell.here().run(args);
      assertThat(result.code()).as(String.join(" ", args)).isEqualTo(1);
      assertThat(result.err().lines().filter(line -> line.contains("To fix"))).hasSize(1);
      assertThat(result.out()).isEmpty();
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void promptsOfEveryScriptAreShownHarmlessly() {
    var result = Shell.here().run("read", "caf\u00e9 \u202eabc \ud83d\ude00 <script>\u0007");
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).doesNotContain("\u202e", "\u0007");
  }
}
