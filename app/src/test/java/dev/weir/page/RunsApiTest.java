package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.cli.Shell;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Runs and what their cells show, as a script asks for them.
class RunsApiTest {
  private static final String TEXT = "Once upon a time, there was a little girl";
  private static final int TOKENS = 11;
  private static final int PLACES = 13;

  /// Numbers of windows are computed in other batches than those of the whole.
  private static final double ROUNDING = 1e-5;

  @TempDir static Path data;

  private static Served served;
  private static JsonNode run;

  @BeforeAll
  static void serve() {
    served = Served.bundled(data);
    run = served.post("runs", Map.of("model", "m0", "text", TEXT));
  }

  @AfterAll
  static void stop() {
    served.close();
  }

  private static JsonNode plane(String question) {
    return served.get("runs/%s/plane?%s".formatted(run.get("run").asString(), question));
  }

  @Test
  void aRunSaysWhatItsPlaneIsOf() {
    assertThat(run.get("tokens")).hasSize(TOKENS);
    assertThat(run.get("tokens").get(9).get("text").asString()).isEqualTo("·little");
    assertThat(run.get("places")).hasSize(PLACES);
    assertThat(run.get("longest").asInt()).isEqualTo(512);
    assertThat(run.get("bos").asString()).contains("<|endoftext|>");
    assertThat(run.get("coordinates").asString()).isEqualTo("raw");
    assertThat(run.get("norm").asString()).isEqualTo("final norm recomputed");
  }

  @Test
  void theSameTokensAreTheSameRun() {
    List<Integer> tokens = new ArrayList<>();
    run.get("tokens").forEach(token -> tokens.add(token.get("id").asInt()));
    JsonNode same = served.post("runs", Map.of("model", "m0", "tokens", tokens));
    assertThat(same.get("run")).isEqualTo(run.get("run"));
  }

  /// `weir read` computes the whole at once, in a run of its own.
  @Test
  void cellsSayWhatWeirReadSays() {
    Shell.Result read = Shell.here().run("read", "--json", "--target", " girl", TEXT);
    JsonNode stream = table(new JsonMapper().readTree(read.out()), "stream");
    Map<String, String> columns =
        Map.of(
            "norm", "norm",
            "entropy", "entropy",
            "kl", "kl_to_final",
            "probability", "answer_probability",
            "rank", "answer_rank");
    String girl = "&token=" + URLEncoder.encode(" girl", StandardCharsets.UTF_8);
    columns.forEach((reading, column) -> {
      JsonNode values = plane("reading=" + reading + girl).get("values");
      int at = column(stream, column);
      for (int row = 0; row < TOKENS * PLACES; row++) {
        double here = values.get(row % PLACES).get(row / PLACES).asDouble();
        assertThat(here)
            .as("%s in row %d", reading, row)
            .isCloseTo(stream.get("rows").get(row).get(at).asDouble(), within(ROUNDING));
      }
    });
  }

  private static JsonNode table(JsonNode report, String name) {
    for (JsonNode table : report.get("tables")) {
      if (table.get("name").asString().equals(name)) {
        return table;
      }
    }
    throw new AssertionError("no table " + name);
  }

  private static int column(JsonNode table, String name) {
    JsonNode columns = table.get("columns");
    for (int i = 0; i < columns.size(); i++) {
      if (columns.get(i).get("name").asString().equals(name)) {
        return i;
      }
    }
    throw new AssertionError("no column %s in %s".formatted(name, columns));
  }

  @Test
  void aWindowIsCutOutOfThePlane() {
    JsonNode whole = plane("reading=entropy").get("values");
    JsonNode part = plane("reading=entropy&places=2:5&positions=3:7").get("values");
    assertThat(part).hasSize(3);
    for (int place = 0; place < 3; place++) {
      assertThat(part.get(place)).hasSize(4);
      for (int i = 0; i < 4; i++) {
        assertThat(part.get(place).get(i).asDouble())
            .isCloseTo(whole.get(2 + place).get(3 + i).asDouble(), within(ROUNDING));
      }
    }
  }

  @Test
  void whatHasNoNumberIsNull() {
    assertThat(plane("reading=turn&places=0:1&positions=0:1").get("values").get(0).get(0).isNull())
        .isTrue();
  }

  @Test
  void cellsTellWhoWrote() {
    JsonNode cells =
        served
            .get("runs/%s/cells?places=0:2&positions=4:5".formatted(run.get("run").asString()))
            .get("cells");
    assertThat(cells).hasSize(2);
    assertThat(cells.get(0).get("written").get(0).get("writer").asString()).isEqualTo("embed");
    assertThat(cells.get(0).get("written").get(0).get("share").asDouble())
        .isCloseTo(1, within(ROUNDING));
    List<String> writers = new ArrayList<>();
    cells.get(1).get("written").forEach(w -> writers.add(w.get("writer").asString()));
    assertThat(writers).containsExactly("0_attn_out", "L0H0", "L0H1", "L0H2", "L0H3");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          plane?reading=zip                    | There is no reading 'zip'
          plane?reading=dot                    | There is no 'direction'
          plane?reading=dot&direction=nowhere  | There is no direction 'nowhere'
          plane?reading=rank&token=two%20words | is 5 tokens, and one is followed
          plane?reading=rank&token=%23999999   | Token 999999 does not exist
          plane?places=3:99                    | lies outside the plane
          plane?places=3                       | is no stretch
          plane?positions=5:5                  | lies outside the plane
          cells?places=-1:4                    | lies outside the plane
          """)
  void aQuestionThatHasNoAnswerIsToldSo(String question, String problem)
      throws IOException, InterruptedException {
    URI address = served.link().resolve("/api/runs/" + run.get("run").asString() + "/" + question);
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).isBetween(400, 499);
      assertThat(new JsonMapper().readTree(response.body()).get("error").asString())
          .contains(problem);
    }
  }
}
