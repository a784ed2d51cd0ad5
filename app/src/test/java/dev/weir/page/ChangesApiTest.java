package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import dev.weir.cli.Shell;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Changes as programs ask for them, against what Weir's commands say.
@Timeout(60)
class ChangesApiTest {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String PROMPT = "Tim was";
  private static final String CLEAN = "Tim has a red ball. He likes his";
  private static final String CORRUPT = "Tim has a red hat. He likes his";

  @TempDir static Path data;

  private static Served served;

  @BeforeAll
  static void serve() {
    served = Served.bundled(data);
  }

  @AfterAll
  static void stop() {
    served.close();
  }

  private static String run(String text, Object... changes) {
    return served
        .post("runs", Map.of("model", "m0", "text", text, "changes", List.of(changes)))
        .get("run")
        .asString();
  }

  private static JsonNode answer(String run, String more) {
    return served.get("runs/%s/answer?%s".formatted(run, more));
  }

  private static JsonNode grown(Map<String, ?> asked) throws InterruptedException {
    JsonNode status = served.post("jobs", asked);
    while (List.of("WAITING", "RUNNING").contains(status.get("state").asString())) {
      Thread.sleep(20);
      status = served.get("jobs/" + status.get("id").asString());
    }
    assertThat(status.get("state").asString()).isEqualTo("DONE");
    return status.get("found");
  }

  private static JsonNode weir(String... command) {
    Shell.Result result = Shell.here().run(command);
    assertThat(result.code()).as(result.err()).isZero();
    return JSON.readTree(result.out());
  }

  // ---------------------------------------------------------------- against the commands

  @Test
  void steeringSaysWhatWeirSteerSays() throws IOException, InterruptedException {
    double[] numbers = new SplittableRandom(3).doubles(128, -1, 1).toArray();
    Path file = data.resolve("vector.json");
    Files.writeString(file, Arrays.toString(numbers));
    String id =
        served
            .post("directions", Map.of("kind", "numbers", "name", "v", "numbers", numbers))
            .get("id")
            .asString();
    Map<String, ?> steer =
        Map.of(
            "kind",
            "steer",
            "hook",
            "blocks.2.hook_resid_pre",
            "direction",
            id,
            "coefficient",
            0.8,
            "unit",
            "raw");

    JsonNode tables =
        weir(
                "steer",
                "--vector",
                file.toString(),
                "--layer",
                "2",
                "-c",
                "0.8",
                "-n",
                "9",
                "--json",
                PROMPT)
            .get("tables");
    String run = run(PROMPT, steer);
    JsonNode answer = answer(run, "top=3");
    JsonNode grown = grown(Map.of("kind", "generate", "runs", List.of(run), "tokens", 9));

    JsonNode row = tables.get(0).get("rows").get(0);
    assertThat(answer.get("divergence").asDouble())
        .isEqualTo(row.get(2).asDouble(), offset(1e-5 * row.get(2).asDouble()));
    assertThat(row.get(1).asString()).startsWith(top(answer));
    assertThat(words(grown.get(0))).isEqualTo(tables.get(1).get("rows").get(0).get(1).asString());
  }

  private static String top(JsonNode answer) {
    return answer.get("after").get("top").get(0).get("text").asString();
  }

  private static String words(JsonNode text) {
    return String.join(
        "", text.get("tokens").valueStream().map(token -> token.get("text").asString()).toList());
  }

  @Test
  void patchingSaysWhatWeirPatchSays() {
    JsonNode rows =
        weir("patch", "--json", "--corrupt", CORRUPT, "--answer", " ball", "--wrong", " hat", CLEAN)
            .get("tables")
            .get(0)
            .get("rows");
    double base = difference(run(CORRUPT));
    double source = difference(run(CLEAN));
    int compared = 0;
    for (JsonNode row : rows) {
      int layer = Integer.parseInt(row.get(0).asString().substring(1));
      int position = Integer.parseInt(row.get(1).asString().split(" ", 2)[0]);
      if (layer == 3 && position % 2 == 1) {
        Map<String, ?> patch =
            Map.of(
                "kind",
                "patch",
                "hook",
                "blocks.%d.hook_resid_pre".formatted(layer),
                "prompt",
                CLEAN,
                "positions",
                List.of(position));
        double score = (difference(run(CORRUPT, patch)) - base) / (source - base);
        assertThat(score).isEqualTo(row.get(2).asDouble(), offset(1e-4));
        compared++;
      }
    }
    assertThat(compared).isPositive();
  }

  private static double difference(String run) {
    return answer(run, "right=%20ball&wrong=%20hat").get("difference").get("after").asDouble();
  }

  @Test
  void aTextGoesOnAsWeirGenerateLetsItGoOn() throws InterruptedException {
    JsonNode generated = weir("generate", "--json", "-n", "20", "--temperature", "0", PROMPT);
    JsonNode grown = grown(Map.of("kind", "generate", "runs", List.of(run(PROMPT)), "tokens", 20));

    assertThat(PROMPT + grown.get(0).get("text").asString())
        .isEqualTo(generated.get("text").asString().strip());
    assertThat(grown.get(0).get("end").asString()).isEqualTo("length");
  }

  // ---------------------------------------------------------------- what is told

  @Test
  void withoutChangesNothingMoves() {
    JsonNode answer = answer(run(PROMPT), "position=1");

    assertThat(answer.get("divergence").asDouble()).isZero();
    assertThat(answer.get("moved")).isEmpty();
    assertThat(answer.get("after").get("position").asInt()).isOne();
  }

  @Test
  void whatCanBeChangedAtAPlaceIsTold() {
    JsonNode spot = served.get("runs/%s/spot?place=1".formatted(run(PROMPT)));

    assertThat(spot.get("place").asString()).isEqualTo("0_mid");
    assertThat(spot.get("hook").asString()).isEqualTo("blocks.0.hook_resid_mid");
    assertThat(spot.get("writes").get(0).get("hook").asString())
        .isEqualTo("blocks.0.hook_attn_out");
    assertThat(spot.get("writes").get(0).get("parts").get("kind").asString()).isEqualTo("HEADS");
    JsonNode first = served.get("runs/%s/spot?place=0".formatted(run(PROMPT)));
    assertThat(first.get("writes").get(0).get("hook").asString()).isEqualTo("hook_embed");
  }

  @Test
  void aPartOfTwoPlanesIsComparedAndSaysHowTheyAreAligned() {
    String first = run("Tim was");
    String second = run("Tim was very");
    JsonNode compared =
        served.get(
            "compare?first=%s&second=%s&reading=norm&places=2:4&positions=1:4"
                .formatted(first, second));

    assertThat(compared.get("positions").get("by").asString()).isEqualTo("tokens");
    assertThat(compared.get("difference")).hasSize(2);
    assertThat(compared.get("difference").get(0).get(0).asDouble()).isZero();
    assertThat(compared.get("difference").get(0).get(2).isNull()).isTrue();
  }

  // ---------------------------------------------------------------- errors

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'kind': 'explode'} | 400",
        "{'kind': 'ablate'} | 400",
        "{'kind': 'ablate', 'hook': 'blocks.99.hook_mlp_out'} | 400",
        "{'kind': 'ablate', 'hook': 'ln_final.hook_scale'} | 400",
        "{'kind': 'ablate', 'hook': 'hook_embed', 'positions': [77]} | 400",
        "{'kind': 'ablate', 'hook': 'blocks.0.hook_mlp_out', 'heads': [0]} | 400",
        "{'kind': 'mean', 'hook': 'blocks.0.attn.hook_pattern'} | 400",
        "{'kind': 'patch', 'hook': 'hook_embed', 'prompt': 'Tim was very happy'} | 400",
        "{'kind': 'patch', 'hook': 'hook_embed'} | 400",
        "{'kind': 'steer', 'hook': 'hook_embed', 'direction': 'ff', 'coefficient': 1} | 400",
        "{'kind': 'steer', 'hook': 'hook_embed', 'direction': 'ff', 'coefficient': 1, 'unit': 'raw'} | 404",
        "{'kind': 'project-out', 'hook': 'everywhere', 'direction': 'ff'} | 404",
        "{'kind': 'set-projection', 'hook': 'hook_embed', 'direction': 'ff', 'amount': 'x'} | 400",
      })
  void aChangeThatMakesNoSenseIsRefusedInOneLine(String change, int status) throws Exception {
    String body =
        "{\"model\": \"m0\", \"text\": \"Tim was\", \"changes\": [%s]}"
            .formatted(change.replace('\'', '"'));
    refused(to("runs").POST(HttpRequest.BodyPublishers.ofString(body)), status);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "runs/RUN/answer?position=99 | 400",
        "runs/RUN/answer?position=x | 400",
        "runs/RUN/answer?top=0 | 400",
        "runs/RUN/answer?right=%20a | 400",
        "runs/RUN/answer?before=00 | 404",
        "runs/00/answer | 404",
        "runs/RUN/spot | 400",
        "runs/RUN/spot?place=99 | 400",
        "compare?first=RUN | 400",
        "compare?first=RUN&second=00 | 404",
        "compare?first=RUN&second=RUN&by=colour | 400",
        "compare?first=RUN&second=RUN&places=5:99 | 400",
      })
  void aQuestionThatMakesNoSenseIsRefusedInOneLine(String path, int status) throws Exception {
    refused(to(path.replace("RUN", run(PROMPT))).GET(), status);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'kind': 'generate', 'runs': ['00']} | 404",
        "{'kind': 'generate'} | 400",
        "{'kind': 'generate', 'runs': [], 'tokens': 0} | 400",
        "{'kind': 'generate', 'runs': [], 'temperature': -1} | 400",
        "{'kind': 'generate', 'runs': [], 'during': 'never'} | 400",
      })
  void workThatMakesNoSenseIsRefusedInOneLine(String body, int status) throws Exception {
    refused(to("jobs").POST(HttpRequest.BodyPublishers.ofString(body.replace('\'', '"'))), status);
  }

  private static HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(served.link().resolve("/api/" + path))
        .header("X-Weir-Token", Served.TOKEN)
        .header("Content-Type", "application/json");
  }

  private static void refused(HttpRequest.Builder request, int status) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofString());

      assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
      String error = JSON.readTree(response.body()).get("error").asString();
      assertThat(error).contains(" Where: ", " To fix: ").doesNotContain("\n", "Exception");
    }
  }
}
