package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weir.page.run.Models;
import dev.weir.page.run.NumberedModel;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Directions and long work as programs ask for them.
@Timeout(60)
class DirectionsApiTest {
  private static final String MODEL = "pathway/pre_norm/rms/gqa";
  private static final int WIDTH = 12;
  private static final String NUMBERS =
      "{\"kind\": \"numbers\", \"name\": \"mine\", \"numbers\": %s}";

  @TempDir Path folder;

  private final List<Throwable> faults = new CopyOnWriteArrayList<>();
  private final HttpClient client = HttpClient.newHttpClient();
  private PageServer server;

  @BeforeEach
  void start() throws IOException {
    Path corpus = folder.resolve("corpus.txt");
    Files.writeString(
        corpus,
        IntStream.range(0, 6000)
            .mapToObj(i -> String.valueOf(i * i % 7))
            .collect(Collectors.joining(" ")));
    Settings settings =
        new Settings("127.0.0.1", 0, "secret", folder, corpus, 1 << 24, faults::add);
    server =
        PageServer.start(
            settings, List.of(new Models.Source("small", () -> NumberedModel.open(MODEL))));
  }

  @AfterEach
  void stop() {
    server.close();
    assertThat(faults).isEmpty();
  }

  // ---------------------------------------------------------------- directions

  @Test
  void aDirectionThatWasMadeCanBeDownloadedAndUploadedAgain() throws Exception {
    JsonNode made = json(post("directions", NUMBERS.formatted(ones())));
    String id = made.get("id").asString();
    assertThat(made.get("length").asDouble()).isEqualTo(Math.sqrt(WIDTH));

    for (String file : List.of("direction.json", "direction.npy")) {
      HttpResponse<byte[]> download =
          client.send(
              to("directions/%s/%s".formatted(id, file)).build(), BodyHandlers.ofByteArray());
      assertThat(download.headers().firstValue("Content-Disposition"))
          .hasValue("attachment; filename=\"%s\"".formatted(file));
      JsonNode again = json(upload(file, download.body()));
      assertThat(again.get(0).get("id").asString()).isEqualTo(id);
    }
  }

  @Test
  void anUploadedFileOfSeveralRowsGivesOneDirectionForEach() throws Exception {
    String rows = "{\"a\": %s, \"b\": %s}".formatted(ones(), ones().replace("1.0", "2.0"));
    JsonNode all = json(upload("vectors.json", rows.getBytes(StandardCharsets.UTF_8)));
    assertThat(all.valueStream().map(one -> one.get("name").asString()))
        .containsExactly("vectors.json a", "vectors.json b");
    JsonNode second = json(upload("vectors.json&row=1", rows.getBytes(StandardCharsets.UTF_8)));
    assertThat(second.get(0).get("id")).isEqualTo(all.get(1).get("id"));
  }

  @Test
  void numbersAndCosinesAndTokensOfADirectionAreTold() throws Exception {
    String id = json(post("directions", NUMBERS.formatted(ones()))).get("id").asString();
    assertThat(json(get("directions/" + id)).get("numbers").size()).isEqualTo(WIDTH);
    JsonNode cosines = json(get("directions/cosines?ids=%s,%s".formatted(id, id)));
    assertThat(cosines.get("cosines").get(0).get(1).asDouble()).isCloseTo(1, within(1e-12));
    JsonNode tokens = json(get("directions/%s/tokens?model=m0".formatted(id)));
    assertThat(tokens.get("top")).hasSize(10);
  }

  static Stream<String> badRecipes() {
    return Stream.of(
        "{}",
        "{\"kind\": \"neuron\"}",
        "{\"kind\": \"neuron\", \"model\": \"m0\", \"layer\": 1e9, \"neuron\": 0}",
        "{\"kind\": \"neuron\", \"model\": \"m0\", \"layer\": -1, \"neuron\": 0}",
        "{\"kind\": \"unembedding\", \"model\": \"m0\", \"gain\": \"left_out\"}",
        "{\"kind\": \"unembedding\", \"model\": \"m0\", \"token\": \"1 2\", \"gain\": \"left_out\"}",
        "{\"kind\": \"unembedding\", \"model\": \"m0\", \"token\": \"1\", \"gain\": \"some\"}",
        "{\"kind\": \"numbers\", \"name\": \"x\", \"numbers\": [1, null]}",
        "{\"kind\": \"numbers\", \"name\": \"x\", \"numbers\": [\"NaN\"]}",
        "{\"kind\": \"numbers\", \"name\": \"x\", \"numbers\": []}",
        "{\"kind\": \"combination\", \"parts\": [null], \"length\": \"one\"}",
        "{\"kind\": \"combination\", \"parts\": [{\"coefficient\": 1}], \"length\": \"one\"}",
        "{\"kind\": \"elsewhere\", \"file\": \"/etc/passwd\"}",
        "{\"kind\": \"held\", \"id\": \"../../etc\", \"name\": \"x\"}",
        "{\"kind\": \"cells\", \"plus\": {}, \"minus\": {}}",
        "[".repeat(5000));
  }

  @ParameterizedTest
  @MethodSource("badRecipes")
  void aRecipeThatMakesNoSenseIsRefusedInOneLine(String recipe) throws Exception {
    assertRefused(post("directions", recipe));
  }

  static Stream<byte[]> badFiles() {
    byte[] good = npy("'<f8'", WIDTH, new double[WIDTH]);
    double[] nan = new double[WIDTH];
    nan[3] = Double.NaN;
    return Stream.of(
        new byte[0],
        Arrays.copyOf(good, good.length - 8),
        Arrays.copyOf(good, 20),
        good,
        npy("'<f8'", WIDTH, nan),
        npy("'<f8'", WIDTH + 1, new double[WIDTH + 1]),
        npy("'<f8'", 1L << 40, new double[WIDTH]),
        npy("'|O'", WIDTH, new double[WIDTH]),
        "\u0080\u0004\u0095cposix\nsystem\n".getBytes(StandardCharsets.ISO_8859_1));
  }

  @ParameterizedTest
  @MethodSource("badFiles")
  void anUploadThatIsNoFileOfDirectionsIsRefusedInOneLine(byte[] content) throws Exception {
    for (String name : List.of("v.npy", "v.safetensors", "v.json", "v.pkl", "v", "%00%0a.npy")) {
      assertRefused(upload(name, content));
    }
  }

  private static byte[] npy(String type, long size, double[] values) {
    String header = "{'descr': %s, 'fortran_order': False, 'shape': (%d,), }".formatted(type, size);
    byte[] text = "%-117s\n".formatted(header).getBytes(StandardCharsets.US_ASCII);
    ByteBuffer bytes =
        ByteBuffer.allocate(10 + text.length + values.length * Double.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    bytes.putShort((short) text.length).put(text);
    for (double value : values) {
      bytes.putDouble(value);
    }
    return bytes.array();
  }

  @Test
  void aFileThatIsTooLargeIsRefused() throws Exception {
    HttpResponse<String> refused = upload("v.npy", new byte[DirectionsApi.LONGEST_FILE + 1]);
    assertThat(refused.statusCode()).isEqualTo(413);
  }

  private static void assertRefused(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isBetween(400, 499);
    String error = JsonMapper.shared().readTree(response.body()).get("error").asString();
    assertThat(error).doesNotContain("\n").contains("To fix: ").doesNotContain("Exception");
  }

  // ---------------------------------------------------------------- long work

  private static String pca(int windows) {
    return """
    {"kind": "pca", "of": {"model": "m0", "place": "2_pre", "scaling": "z_scored", \
    "windows": %d, "first": "left_out"}}
    """
        .formatted(windows);
  }

  @Test
  void componentsAreToldWhileTheyAreFound() throws Exception {
    JsonNode job = json(post("jobs", pca(300)));
    List<JsonNode> events = events(job.get("id").asString());

    JsonNode last = events.getLast();
    assertThat(last.get("state").asString()).isEqualTo("DONE");
    assertThat(last.get("done").asInt()).isEqualTo(last.get("total").asInt());
    JsonNode found = last.get("found");
    assertThat(found.get("tokens").asInt()).isGreaterThan(1000);
    assertThat(found.get("components")).hasSize(WIDTH);
    assertThat(
            found.get("components").valueStream().mapToDouble(c -> c.get("share").asDouble()).sum())
        .isCloseTo(1, within(1e-9));
  }

  @Test
  void aHistogramGrowsWhileTheCorpusIsRead() throws Exception {
    String id = json(post("directions", NUMBERS.formatted(ones()))).get("id").asString();
    String request =
        """
        {"kind": "histogram", "of": {"model": "m0", "direction": "%s", "place": "2_pre", \
        "windows": 300, "first": "left_out"}}
        """
            .formatted(id);
    JsonNode job = json(post("jobs", request));
    List<JsonNode> events = events(job.get("id").asString());

    List<Long> tokens = new ArrayList<>();
    for (JsonNode event : events) {
      if (!event.get("found").isNull()) {
        JsonNode found = event.get("found");
        tokens.add(found.get("tokens").asLong());
        assertThat(
                found
                    .get("histogram")
                    .get("counts")
                    .valueStream()
                    .mapToLong(JsonNode::asLong)
                    .sum())
            .isEqualTo(tokens.getLast());
      }
    }
    assertThat(tokens).isSorted().hasSizeGreaterThan(1);
    assertThat(events.getLast().get("found").get("top")).hasSize(20);
  }

  @Test
  void workThatIsCancelledEndsAndSaysSo() throws Exception {
    String id = json(post("jobs", pca(300))).get("id").asString();
    HttpResponse<String> cancelled =
        client.send(
            to("jobs/" + id).header("X-Weir-Token", "secret").DELETE().build(),
            BodyHandlers.ofString());
    assertThat(cancelled.statusCode()).isEqualTo(200);
    assertThat(json(get("jobs/" + id)).get("state").asString()).isIn("CANCELLED", "DONE");
    assertThat(events(id)).hasSize(1);
  }

  @Test
  void workThatIsNotThereOrMakesNoSenseIsRefusedInOneLine() throws Exception {
    assertRefused(get("jobs/none"));
    assertRefused(get("jobs/none/events"));
    assertRefused(post("jobs", "{\"kind\": \"pca\"}"));
    assertRefused(post("jobs", pca(10).replace("2_pre", "99_pre")));
    assertRefused(post("jobs", pca(10).replace("m0", "m9")));
  }

  @Test
  void workThatCannotBeDoneFailsInOneLine() throws Exception {
    String id = json(post("jobs", pca(-5))).get("id").asString();
    JsonNode last = events(id).getLast();
    assertThat(last.get("state").asString()).isEqualTo("FAILED");
    assertThat(last.get("error").asString()).startsWith("-5 windows of the text cannot be read");
  }

  private List<JsonNode> events(String id) throws IOException, InterruptedException {
    HttpResponse<Stream<String>> response =
        client.send(to("jobs/%s/events".formatted(id)).build(), BodyHandlers.ofLines());
    assertThat(response.headers().firstValue("Content-Type").orElseThrow())
        .startsWith("text/event-stream");
    try (Stream<String> lines = response.body()) {
      return lines
          .filter(line -> line.startsWith("data:"))
          .map(line -> JsonMapper.shared().readTree(line.substring("data:".length())))
          .toList();
    }
  }

  // ---------------------------------------------------------------- requests

  private static String ones() {
    return IntStream.range(0, WIDTH).mapToObj(_ -> "1.0").toList().toString();
  }

  private HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(
        URI.create("http://127.0.0.1:%d/api/%s".formatted(server.port(), path)));
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(to(path).build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String path, String body)
      throws IOException, InterruptedException {
    return send(path, BodyPublishers.ofString(body));
  }

  private HttpResponse<String> upload(String name, byte[] content)
      throws IOException, InterruptedException {
    return send("directions/upload?model=m0&name=" + name, BodyPublishers.ofByteArray(content));
  }

  private HttpResponse<String> send(String path, BodyPublisher body)
      throws IOException, InterruptedException {
    return client.send(
        to(path).header("X-Weir-Token", "secret").POST(body).build(), BodyHandlers.ofString());
  }

  private static JsonNode json(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isBetween(200, 299);
    return JsonMapper.shared().readTree(response.body());
  }
}
