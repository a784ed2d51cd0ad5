package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The library, asked as a script asks it.
class LibraryApiTest {
  private static final JsonMapper JSON = JsonMapper.shared();

  @TempDir private Path data;
  private final HttpClient client = HttpClient.newHttpClient();
  private Served served = Served.of(Path.of("none"));

  @BeforeEach
  void serve() {
    served.close();
    served = Served.of(data);
  }

  @AfterEach
  void stop() {
    client.close();
    served.close();
  }

  private record Answer(int status, String text) {
    JsonNode json() {
      return JSON.readTree(text);
    }

    String error() {
      return json().get("error").stringValue();
    }
  }

  private Answer ask(String method, String path, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(served.link().resolve("/api/library" + path))
            .method(method, BodyPublishers.ofString(body))
            .header("X-Weir-Token", Served.TOKEN)
            .header("Content-Type", "application/json")
            .build();
    HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
    return new Answer(response.statusCode(), response.body());
  }

  private Answer get(String path) throws Exception {
    return ask("GET", path, "");
  }

  private JsonNode keep(String name, double... numbers) throws Exception {
    Answer kept =
        ask(
            "POST",
            "/directions",
            JSON.writeValueAsString(Map.of("name", name, "numbers", numbers)));
    assertThat(kept.status()).as(kept.text()).isEqualTo(201);
    return kept.json();
  }

  @Test
  void aDirectionIsKeptFoundChangedDeletedAndBroughtBack() throws Exception {
    JsonNode kept = keep("love", 0.1, -0.0, 1e-300);
    assertThat(kept.get("width").intValue()).isEqualTo(3);
    String path = "/directions/" + kept.get("id");

    assertThat(get("/directions?search=LOVE&width=3").json().get("total").intValue()).isOne();
    assertThat(get("/directions?width=4").json().get("total").intValue()).isZero();
    String vector = kept.get("vector").stringValue();
    assertThat(get("/directions?vector=" + vector).json().get("total").intValue()).isOne();
    assertThat(get(path + "/numbers").json().get("numbers").toString())
        .isEqualTo("[0.1,-0.0,1.0E-300]");

    Answer changed = ask("PUT", path + "?revision=1", "{\"name\": \"hate\", \"tags\": [\"a\"]}");
    assertThat(changed.json().get("revision").intValue()).isEqualTo(2);
    assertThat(ask("DELETE", path + "?revision=2", "").status()).isEqualTo(204);
    assertThat(get(path).status()).isEqualTo(404);
    assertThat(ask("POST", path + "/restore", "").json().get("name").stringValue())
        .isEqualTo("hate");
  }

  @Test
  void aDirectionThatThePageHasIsKeptByItsId() throws Exception {
    String vector = keep("love", 1, 2).get("vector").stringValue();
    Answer again =
        ask(
            "POST",
            "/directions",
            "{\"name\": \"again\", \"direction\": \"%s\", \"recipe\": {\"kind\": \"sum\"}}"
                .formatted(vector));
    assertThat(again.json().get("vector").stringValue()).isEqualTo(vector);
    assertThat(again.json().get("recipe").get("kind").stringValue()).isEqualTo("sum");
    assertThat(ask("POST", "/directions", "{\"name\": \"x\", \"direction\": \"none\"}").status())
        .isEqualTo(404);
  }

  @Test
  void aKeptDirectionIsThereAfterTheServerWasStartedAgain() throws Exception {
    String vector = keep("love", 1, 2).get("vector").stringValue();
    serve();
    assertThat(
            ask(
                    "POST",
                    "/directions",
                    "{\"name\": \"again\", \"direction\": \"%s\"}".formatted(vector))
                .status())
        .isEqualTo(201);
  }

  @Test
  void whoeverChangesWhatSomebodyElseChangedIsTold() throws Exception {
    keep("love", 1);
    keep("hate", 2);
    assertThat(ask("PUT", "/directions/1?revision=1", "{\"name\": \"mine\"}").status())
        .isEqualTo(200);
    Answer his = ask("PUT", "/directions/1?revision=1", "{\"name\": \"his\"}");
    assertThat(his.status()).isEqualTo(409);
    assertThat(his.error()).contains("Somebody else changed", "revision 2, yours was 1");
    assertThat(ask("DELETE", "/directions/1?revision=1", "").status()).isEqualTo(409);
    Answer taken = ask("PUT", "/directions/1?revision=2", "{\"name\": \"hate\"}");
    assertThat(taken.status()).isEqualTo(409);
    assertThat(taken.error()).contains("of that name already");
  }

  @Test
  void notesAndViewsAreKept() throws Exception {
    Answer note =
        ask(
            "POST",
            "/notes",
            "{\"text\": \"see\", \"model\": \"m\", \"prompt\": \"a\\u0000b\", \"position\": 0}");
    assertThat(note.status()).isEqualTo(201);
    assertThat(get("/notes/1").json().get("prompt").stringValue()).isEqualTo("a\u0000b");
    assertThat(get("/notes/1").json().get("position").intValue()).isZero();
    assertThat(ask("PUT", "/notes/1?revision=1", "{\"text\": \"look\"}").json().get("text"))
        .hasToString("\"look\"");
    Answer view = ask("POST", "/views", "{\"name\": \"v\", \"state\": {\"prompt\": \"x\"}}");
    assertThat(view.json().get("state").get("prompt").stringValue()).isEqualTo("x");
    assertThat(get("/views?search=x").json().get("total").intValue()).isOne();
    assertThat(ask("DELETE", "/views/1?revision=1", "").status()).isEqualTo(204);
  }

  @Test
  void anExportComesInAgain() throws Exception {
    keep("love", 0.1);
    keep("hate", 0.2);
    String all = get("").text();
    String some = get("?directions=2").text();
    assertThat(JSON.readTree(some).get("directions").size()).isOne();
    assertThat(ask("POST", "", all).json())
        .isEqualTo(JSON.readTree("{\"added\": 0, \"same\": 2, \"renamed\": []}"));
    String other = all.replace("0.2", "0.3");
    assertThat(ask("POST", "", other).json().get("renamed").get(0).get("to").stringValue())
        .isEqualTo("hate (2)");
    assertThat(ask("POST", "", "{\"format\": \"other\"}").status()).isEqualTo(400);
    assertThat(get("?directions=9").status()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(strings = {"<script>alert(1)</script>", "\u202Eevil", "עברית", "👩‍👩‍👧"})
  void anyTextThatCanBeReadComesBackAsItWas(String text) throws Exception {
    assertThat(keep(text, 1).get("name").stringValue()).isEqualTo(text);
    assertThat(get("").text()).doesNotContain("\\u0000");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "POST | /directions | {\"name\": \"a\\u0000b\", \"numbers\": [1]} | 400",
        "POST | /directions | {\"name\": \"\\ud800\", \"numbers\": [1]} | 400",
        "POST | /directions | {\"name\": \"\", \"numbers\": [1]} | 400",
        "POST | /directions | {\"numbers\": [1]} | 400",
        "POST | /directions | {\"name\": \"x\"} | 400",
        "POST | /directions | {\"name\": \"x\", \"numbers\": []} | 400",
        "POST | /directions | {\"name\": \"x\", \"numbers\": [1e999]} | 400",
        "POST | /directions | {\"name\": \"x\", \"numbers\": [1], \"recipe\": 7} | 400",
        "POST | /directions | {\"name\": \"x\", \"numbers\": [1], \"misspelt\": 7} | 400",
        "POST | /directions | [ | 400",
        "POST | /notes | {} | 400",
        "POST | /views | {\"name\": \"x\", \"state\": []} | 400",
        "GET | /directions/7 | '' | 404",
        "GET | /directions/x | '' | 400",
        "GET | /directions/-1 | '' | 400",
        "GET | /directions/99999999999999999999 | '' | 400",
        "GET | /directions?limit=0 | '' | 400",
        "GET | /directions?limit=501 | '' | 400",
        "GET | /directions?width=x | '' | 400",
        "PUT | /notes/7?revision=1 | {\"text\": \"x\"} | 404",
        "DELETE | /views/7?revision=1 | '' | 404",
        "POST | /views/7/restore | '' | 404",
        "POST | '' | [] | 400",
      })
  void whatCannotBeDoneIsSaidInOneLine(String method, String path, String body, int status)
      throws Exception {
    Answer answer = ask(method, path, body);
    assertThat(answer.status()).as(answer.text()).isEqualTo(status);
    assertThat(answer.error()).contains("Where: ", "To fix: ").doesNotContain("\n", "Exception");
    assertThat(get("").json().get("directions").size()).isZero();
  }

  @Test
  void longTextsAreRefused() throws Exception {
    for (String body :
        List.of(
            "{\"name\": \"%s\", \"numbers\": [1]}".formatted("x".repeat(121)),
            "{\"name\": \"x\", \"numbers\": [1], \"description\": \"%s\"}"
                .formatted("x".repeat(10_001)),
            "{\"name\": \"x\", \"numbers\": [1], \"recipe\": {\"a\": \"%s\"}}"
                .formatted("x".repeat(100_001)),
            "{\"name\": \"x\", \"numbers\": [%s1]}".formatted("1,".repeat(600_000)))) {
      assertThat(ask("POST", "/directions", body).status()).isEqualTo(413);
    }
  }

  @Test
  void aLibraryThatCannotBeOpenedIsSaidAndTheRestWorks() throws Exception {
    Files.writeString(data.resolve("stream-page.db"), "This is no database, but a file of text.");
    Answer answer = get("/directions");
    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.error()).contains("damaged", "stream-page.db");
    assertThat(served.get("server").get("models").size()).isZero();
  }
}
