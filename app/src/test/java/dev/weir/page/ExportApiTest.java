package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// What is on screen, as a file.
class ExportApiTest {
  private static Outsider server;
  private static String run;

  @BeforeAll
  static void serve(@TempDir Path data) throws Exception {
    server = new Outsider(data);
    run = server.run("Once upon a time, there was a cat.").get("run").asString();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void noFaultWasMet() {
    assertThat(server.faults()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"norm", "change", "kl", "probability&token=%20cat", "rank"})
  void theNumbersOfATableAreThoseOfTheInterface(String reading) throws Exception {
    String asked = "reading=" + reading + "&places=1:4&positions=2:9";
    JsonNode values =
        Outsider.json(server.get("/api/runs/" + run + "/plane?" + asked)).get("values");

    List<String> lines = export("csv", asked).body().lines().skip(1).toList();

    assertThat(lines).hasSize(3 * 7);
    for (int i = 0; i < lines.size(); i++) {
      String[] fields = lines.get(i).split(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", -1);
      assertThat(fields[0]).isEqualTo("" + (1 + i / 7));
      assertThat(fields[2]).isEqualTo("" + (2 + i % 7));
      assertThat(Double.parseDouble(fields[4])).isEqualTo(values.get(i / 7).get(i % 7).asDouble());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "png, image/png, \u0089PNG",
    "svg, image/svg+xml, <?xml",
    "csv, text/csv; charset=utf-8, place",
    "html, text/html; charset=utf-8, <!doctype html>"
  })
  void everyFormatIsADownload(String format, String type, String start) throws Exception {
    HttpResponse<byte[]> file =
        server.bytes("/api/runs/" + run + "/export/" + format + "?reading=top&theme=dark");

    assertThat(file.statusCode()).isEqualTo(200);
    assertThat(file.headers().firstValue("Content-Type")).contains(type);
    assertThat(file.headers().firstValue("Content-Disposition"))
        .contains("attachment; filename=\"weir-top-%s.%s\"".formatted(run, format));
    assertThat(new String(file.body(), java.nio.charset.StandardCharsets.ISO_8859_1))
        .startsWith(start);
  }

  @Test
  void aPageHasTheNotesTheRangeAndTheLinkOfTheScreen() throws Exception {
    String page =
        export(
                "html",
                "reading=probability&token=%20cat&low=0.25&high=0.75&note=Link:%20http://x/%23%3Cy%3E")
            .body();

    assertThat(page)
        .contains("The residual stream of weir-stories", "there was a cat.")
        .contains("Raw coordinates; places 0:13, positions 0:")
        .contains("Lens: final norm recomputed.", "Token: &#39;·cat&#39;.")
        .contains("Link: http://x/#&lt;y&gt;")
        .contains(">0.25<", ">0.5<", ">0.75<");
  }

  @ParameterizedTest
  @CsvSource({
    "bmp, '', 404, use one of png",
    "png, low=NaN, 400, must run from a low to a higher number",
    "png, low=2&high=1, 400, must run from a low to a higher number",
    "png, low=x, 400, is no number",
    "png, positions=5:900, 400, lies outside the plane",
    "png, positions=5, 400, is no stretch",
    "png, theme=pink, 400, use light or dark",
    "png, layout=round, 400, use places-down or tokens-down",
    "png, reading=dot, 400, There is no 'direction'",
    "png, reading=nothing, 400, There is no reading",
    "png, reading=rank&token=notatoken, 400, notatoken"
  })
  void whatIsNoScreenIsRefused(String format, String asked, int status, String why)
      throws Exception {
    HttpResponse<String> answer = export(format, asked);

    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(Outsider.json(answer).get("error").asString()).contains(why);
  }

  @Test
  void notesThatAreTooMuchAreRefused() throws Exception {
    assertThat(export("csv", "note=" + "x".repeat(8001)).statusCode()).isEqualTo(413);
    assertThat(export("csv", "note=x&".repeat(9)).statusCode()).isEqualTo(413);
  }

  private static HttpResponse<String> export(String format, String asked) throws Exception {
    return server.get("/api/runs/%s/export/%s?%s".formatted(run, format, asked));
  }
}
