package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.cli.Shell;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// What a script is told of where a cell came from.
class OriginApiTest {
  private static final String TEXT = "Once upon a time, there was";
  private static final Pattern LINE = Pattern.compile("(\\S+) +(-?\\d\\.\\d{4}) +\\d.*");

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

  private static int place(String label) {
    List<String> labels = run.get("places").valueStream().map(JsonNode::asString).toList();
    return labels.indexOf(label);
  }

  private static String path(String place, int position, String question) {
    return "runs/%s/cells/%d/%d/%s"
        .formatted(run.get("run").asString(), place(place), position, question);
  }

  @Test
  void sharesAreThoseOfWeirContributions() {
    Map<String, Double> shares = new HashMap<>();
    JsonNode depth = served.get(path("2_mid", 5, "depth?heads=true"));
    depth
        .get("parts")
        .forEach(part -> shares.put(part.get("label").asString(), part.get("share").asDouble()));
    Shell.Result printed =
        Shell.here().run("contributions", "--to", "2_mlp_in", "--position", "5", TEXT);
    Map<String, Double> expected = new HashMap<>();
    printed
        .out()
        .lines()
        .map(LINE::matcher)
        .filter(Matcher::matches)
        .forEach(line -> expected.put(line.group(1), Double.parseDouble(line.group(2))));
    assertThat(expected).hasSize(15);
    assertThat(shares.keySet()).isEqualTo(expected.keySet());
    expected.forEach(
        (label, share) -> assertThat(shares.get(label)).as(label).isCloseTo(share, within(5.1e-5)));
    assertThat(depth.get("sum").asDouble()).isCloseTo(1, within(1e-5));
  }

  @Test
  void theLogitOfTheLikeliestTokenIsToldWhereItIsAskedFor() {
    JsonNode depth = served.get(path("final_post", 6, "depth?top=true"));
    double sum = depth.get("answer").get("constant").asDouble();
    for (JsonNode part : depth.get("parts")) {
      sum += part.get("logit").asDouble();
    }
    assertThat(depth.get("answer").get("logit").asDouble()).isCloseTo(sum, within(1e-3));
    assertThat(depth.get("answer").get("addsUp").asBoolean()).isTrue();
    JsonNode none = served.get(path("final_post", 6, "depth"));
    assertThat(none.get("answer").isNull()).isTrue();
    assertThat(none.get("parts").get(0).get("logit").isNull()).isTrue();
  }

  @Test
  void weightsOfHeadsAddUpToOne() {
    JsonNode sequence = served.get(path("2_mid", 5, "sequence?block=1"));
    assertThat(sequence.get("block").asInt()).isEqualTo(1);
    JsonNode reading = sequence.get("readings").get(0);
    assertThat(reading.get("to").asInt()).isEqualTo(6);
    for (JsonNode head : reading.get("heads")) {
      double sum = head.get("weights").valueStream().mapToDouble(JsonNode::asDouble).sum();
      assertThat(sum).isCloseTo(1, within(1e-5));
    }
  }

  @Test
  void thePlainPathwaySaysThatItHasNoRouting() {
    JsonNode routing = served.get(path("2_mid", 5, "routing"));
    assertThat(routing.get("decisions")).isEmpty();
    assertThat(routing.get("meaning").asString()).contains("counts 1");
  }

  @Test
  void whatIsNotThereIsSaidInALine() throws Exception {
    refused(path("2_mid", 99, "depth"), 400, "lies outside the plane");
    refused(path("2_mid", 5, "sequence?block=5"), 400, "ask for one of 0 to 2");
    refused(path("2_mid", 5, "sequence?block=x"), 400, "'x' is no whole number");
    refused(path("2_mid", 5, "depth?token=Once%20upon%20a"), 400, "one is followed");
    refused("runs/none/cells/0/0/routing", 404, "no run 'none'");
  }

  private static void refused(String path, int status, String message)
      throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest request = HttpRequest.newBuilder(served.link().resolve("/api/" + path)).build();
      HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
      assertThat(response.body()).contains(message).doesNotContain("\\n");
    }
  }
}
