package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Error;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// The document of the interface says what there is, and what is answered.
class OpenApiTest {
  private static final JsonMapper JSON = new JsonMapper();
  private static final SchemaRegistry SCHEMAS =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

  private static Outsider server;
  private static JsonNode document;

  private final Set<String> asked = new HashSet<>();

  @BeforeAll
  static void serve(@TempDir Path data) throws Exception {
    server = new Outsider(data);
    document = new YAMLMapper().readTree(server.get("/openapi.yaml").body());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void noFaultWasMet() {
    assertThat(server.faults()).isEmpty();
  }

  @Test
  void namesEveryRouteAndNothingElse() {
    Set<String> routes =
        server.server().routes().stream()
            .filter(route -> route.pattern().matches("/api/.*|/openapi.yaml"))
            .map(route -> route.method().text() + " " + route.pattern())
            .collect(Collectors.toSet());

    assertThat(operations()).containsExactlyInAnyOrderElementsOf(routes);
  }

  private static Set<String> operations() {
    return document.get("paths").properties().stream()
        .flatMap(path ->
            path.getValue().propertyNames().stream()
                .map(method -> method.toUpperCase(Locale.ROOT) + " " + path.getKey()))
        .collect(Collectors.toSet());
  }

  @Test
  void saysWhatIsAnswered() throws Exception {
    JsonNode run =
        ask("POST /api/runs", "", "{'model': 'm0', 'text': 'Once upon a time there was a cat.'}");
    JsonNode other =
        ask(
            "POST /api/runs",
            "",
            "{'model': 'm0', 'text': 'Once upon a time there was a cat.', 'changes': [{'kind': 'ablate', 'hook': 'blocks.2.hook_mlp_out', 'heads': [], 'neurons': [], 'positions': []}]}");
    String id = run.get("run").asString();
    String changed = other.get("run").asString();
    ask("GET /api/server");
    ask("GET /api/runs/{run}/plane", id, "?reading=top");
    ask("GET /api/runs/{run}/plane", id, "?reading=change&places=0:2");
    ask("GET /api/runs/{run}/cells", id, "?positions=3:5");
    ask("GET /api/runs/{run}/cells/{place}/{position}/sequence", id + "/5/6", "");
    ask("GET /api/runs/{run}/cells/{place}/{position}/depth", id + "/5/6", "?heads=true&top=true");
    ask("GET /api/runs/{run}/cells/{place}/{position}/routing", id + "/5/6", "");
    ask("GET /api/runs/{run}/answer", changed, "?right=%20cat&wrong=%20dog");
    ask("GET /api/runs/{run}/spot", id, "?place=3");
    ask("GET /api/compare", "", "?first=" + id + "&second=" + changed);
    askForJobs(id, changed);
    askForDirections();
    askOfTheLibrary();

    Set<String> files =
        Set.of(
            "GET /openapi.yaml",
            "GET /api/runs/{run}/export/{format}",
            "GET /api/jobs/{id}/events",
            "GET /api/directions/{id}/direction.npy",
            "POST /api/directions/upload");
    assertThat(operations())
        .as("every operation that answers JSON was asked")
        .allMatch(operation -> asked.contains(operation) || files.contains(operation));
  }

  private void askForDirections() throws Exception {
    String cat =
        direction("{'kind': 'unembedding', 'model': 'm0', 'token': ' cat', 'gain': 'left_out'}");
    String dog =
        direction(
            """
            {'kind': 'combination', 'length': 'one', 'parts': [
              {'coefficient': 2, 'of': {'kind': 'unembedding', 'model': 'm0', 'token': ' dog', 'gain': 'multiplied'}},
              {'coefficient': -1, 'of': {'kind': 'neuron', 'model': 'm0', 'layer': 1, 'neuron': 7}}]}
            """);
    ask("GET /api/directions/{id}", cat, "");
    ask("GET /api/directions/{id}/direction.json", cat, "");
    ask("GET /api/directions/{id}/tokens", dog, "");
    ask("GET /api/directions/cosines", "", "?ids=" + cat + "," + dog);
    String job =
        ask(
                "POST /api/jobs",
                "",
                "{'kind': 'histogram', 'of': {'model': 'm0', 'direction': '%s', 'place': '3_pre', 'windows': 2, 'first': 'left_out'}}"
                    .formatted(cat))
            .get("id")
            .asString();
    finish(job);
  }

  private String direction(String recipe) throws Exception {
    return ask("POST /api/directions", "", recipe).get("id").asString();
  }

  private void askForJobs(String run, String changed) throws Exception {
    JsonNode job =
        ask(
            "POST /api/jobs",
            "",
            "{'kind': 'generate', 'tokens': 3, 'runs': ['%s', '%s']}".formatted(run, changed));
    finish(job.get("id").asString());
    ask("DELETE /api/jobs/{id}", job.get("id").asString(), "");
  }

  private void finish(String job) throws Exception {
    JsonNode status = ask("GET /api/jobs/{id}", job, "");
    for (int i = 0;
        i < 600 && !status.get("state").asString().matches("DONE|FAILED|CANCELLED");
        i++) {
      Thread.sleep(50);
      status = ask("GET /api/jobs/{id}", job, "");
    }
    assertThat(status.get("state").asString()).as(status.toString()).isEqualTo("DONE");
  }

  private void askOfTheLibrary() throws Exception {
    askOfShelf(
        "directions",
        "{'name': 'up', 'recipe': {'kind': 'numbers'}, 'numbers': [1, 2, 3]}",
        "{'name': 'upwards', 'description': 'x', 'tags': ['a']}");
    ask("GET /api/library/directions/{id}/numbers", "1", "");
    askOfShelf(
        "notes",
        "{'text': 'here', 'model': 'weir-stories', 'prompt': 'Once', 'place': '3_pre', 'position': 2}",
        "{'text': 'there'}");
    askOfShelf(
        "views",
        "{'name': 'mine', 'note': '', 'state': {'v': 1}}",
        "{'name': 'yours', 'note': 'x', 'state': {'v': 1}}");
    String all = ask("GET /api/library", "", "").toString();
    ask("POST /api/library", "", all);
  }

  private void askOfShelf(String shelf, String entry, String change) throws Exception {
    String path = "/api/library/" + shelf;
    String id = ask("POST " + path, "", entry).get("id").asString();
    ask("GET " + path, "", "");
    JsonNode kept = ask("GET " + path + "/{id}", id, "");
    JsonNode changed =
        ask("PUT " + path + "/{id}", id + "?revision=" + kept.get("revision"), change);
    ask("DELETE " + path + "/{id}", id, "?revision=" + changed.get("revision"));
    ask("POST " + path + "/{id}/restore", id, "");
  }

  @Test
  void saysWhatIsAnsweredToWhoeverAsksWrongly() throws Exception {
    ask("GET /api/runs/{run}/plane", "nothing", "");
    ask("GET /api/runs/{run}/export/{format}", "nothing/bmp", "");
    ask("POST /api/runs", "", "{'model': 'm9', 'text': 'x'}");
    ask("POST /api/runs", "", "{'model': 'm0', 'nonsense': 1}");
    ask("POST /api/runs", "", "{'model': null, 'text': 'x'}");
    ask("POST /api/runs", "", "{");
    ask("POST /api/directions", "", "{'kind': 'nothing'}");
    ask("POST /api/jobs", "", "{}");
    ask("GET /api/jobs/{id}", "nothing", "");
    ask("GET /api/directions/{id}", "nothing", "");
    ask("GET /api/library/notes/{id}", "999", "");
    ask("GET /api/library/notes/{id}", "x", "");
    ask("DELETE /api/library/notes/{id}", "999", "?revision=1");
    ask("POST /api/library", "", "[]");
  }

  private JsonNode ask(String operation) throws Exception {
    return ask(operation, "", "");
  }

  /// Asks something and holds the answer to the document.
  ///
  /// @param operation method and path, as the document names them
  /// @param names what to put for the names in the path, with slashes between them
  /// @param more the query of a GET, or the body of a POST or a PUT, quoted with apostrophes
  private JsonNode ask(String operation, String names, String more) throws Exception {
    asked.add(operation);
    String method = operation.substring(0, operation.indexOf(' '));
    String template = operation.substring(method.length() + 1);
    String path = template;
    for (String name : names.split("/", -1)) {
      path = path.replaceFirst("\\{[a-z]+}", name);
    }
    boolean brings = Set.of("POST", "PUT").contains(method);
    HttpRequest.Builder request =
        server
            .to(brings ? path : path + more)
            .header("X-Weir-Token", Outsider.TOKEN)
            .header("Content-Type", "application/json")
            .method(
                method,
                brings
                    ? BodyPublishers.ofString(more.replace('\'', '"'))
                    : BodyPublishers.noBody());
    HttpResponse<String> response = server.send(request);
    JsonNode answers =
        document.get("paths").get(template).get(method.toLowerCase(Locale.ROOT)).get("responses");
    JsonNode answer = answers.get("" + response.statusCode());
    assertThat(answer).as("%s %s: %s", operation, more, response).isNotNull();
    if (answer.has("$ref")) {
      answer = document.at(answer.get("$ref").asString().substring(1));
    }
    if (!answer.has("content")) {
      assertThat(response.body()).isEmpty();
      return JSON.nullNode();
    }
    JsonNode said = JSON.readTree(response.body());
    assertThat(errors(answer.at("/content/application~1json/schema"), said))
        .as("%s %s: %s", operation, more, said)
        .isEmpty();
    return said;
  }

  private static List<Error> errors(JsonNode schema, JsonNode value) {
    ObjectNode whole = ((ObjectNode) schema).deepCopy();
    whole.set("components", document.get("components"));
    return SCHEMAS.getSchema(whole).validate(value);
  }
}
