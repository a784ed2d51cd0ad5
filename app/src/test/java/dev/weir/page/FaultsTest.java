package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Whatever is sent, what comes back is a status and one line; nothing hangs, and what is inside is
/// not shown.
class FaultsTest {
  private static final int MEGABYTE = 1 << 20;

  private static Outsider server;

  @BeforeAll
  static void serve(@TempDir Path data) {
    server = new Outsider(data);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void noFaultWasMetAndOthersAreAnswered() throws Exception {
    assertThat(server.get("/favicon.svg").statusCode()).isEqualTo(200);
    assertThat(server.faults()).isEmpty();
  }

  // ---------------------------------------------------------------- bodies

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "null",
        "[]",
        "\"text\"",
        "{} {}",
        "{\"model\": \"m0\"}",
        "{\"model\": \"m0\", \"text\": 1e999}",
        "{\"model\": \"m0\", \"text\": [\"x\"]}",
        "{\"model\": \"m0\", \"text\": \"x\", \"more\": 1}",
        "{\"model\": null, \"text\": \"x\"}",
        "{\"text\": \"x\"}",
        "{\"model\": \"m0\", \"tokens\": [0, 1e10]}",
        "{\"model\": \"m0\", \"tokens\": [-1]}",
        "{\"model\": \"m0\", \"tokens\": [99999999]}",
        "{\"model\": \"m0\", \"tokens\": [null]}",
        "{\"model\": \"m0\", \"tokens\": []}",
        "{\"model\": \"m0\", \"text\": \"x\", \"changes\": [{\"kind\": \"java.lang.Runtime\"}]}",
        "{\"model\": \"m0\", \"text\": \"x\", \"changes\": [{\"kind\": \"ablate\", \"hook\": \"nowhere\", \"heads\": [], \"neurons\": [], \"positions\": []}]}",
        "\u0000\u0001\u0002",
        "<?xml version=\"1.0\"?><!DOCTYPE x SYSTEM \"file:///etc/passwd\"><x/>"
      })
  void aBodyThatIsNotWhatIsExpectedIsRefusedInOneLine(String body) throws Exception {
    HttpResponse<String> answer = server.post("/api/runs", body);

    assertThat(answer.statusCode()).isEqualTo(400);
    assertOneLine(answer);
  }

  @Test
  void aBodyIsNotReadDeeperThanAnybodyWouldWriteIt() throws Exception {
    HttpResponse<String> answer = server.post("/api/runs", "[".repeat(100_000));

    assertThat(answer.statusCode()).isEqualTo(400);
    assertOneLine(answer);
  }

  @Test
  void aBodyOfTenMegabytesIsTooLarge() throws Exception {
    HttpResponse<String> whole = server.post("/api/runs", " ".repeat(10 * MEGABYTE));
    HttpResponse<String> chunked =
        server.send(
            post("/api/runs")
                .POST(
                    BodyPublishers.ofInputStream(
                        () -> new ByteArrayInputStream(new byte[10 * MEGABYTE]))));

    assertThat(whole.statusCode()).isEqualTo(413);
    assertThat(chunked.statusCode()).isEqualTo(413);
    assertOneLine(whole);
    assertOneLine(chunked);
  }

  @Test
  void aBodyOfNobodyIsNotWaitedFor() throws Exception {
    HttpResponse<String> answer =
        server.send(
            server.to("/api/runs").POST(BodyPublishers.ofByteArray(new byte[10 * MEGABYTE])));

    assertThat(answer.statusCode()).isEqualTo(403);
  }

  @Test
  void aBodyLongerThanAnythingIsRefusedBeforeItComes() throws Exception {
    String answer =
        server.raw(
            server.head("POST /api/library HTTP/1.1") + "Content-Length: 9999999999\r\n\r\n");

    assertThat(answer).startsWith("HTTP/1.1 413").contains("The request is too large");
  }

  @Test
  void anotherTypeThanJsonIsNotTaken() throws Exception {
    for (String type :
        new String[] {"text/plain", "application/x-www-form-urlencoded", "nonsense"}) {
      HttpRequest.Builder request =
          server
              .to("/api/runs")
              .header("X-Weir-Token", Outsider.TOKEN)
              .header("Content-Type", type)
              .POST(BodyPublishers.ofString("{\"model\": \"m0\", \"text\": \"x\"}"));

      assertThat(server.send(request).statusCode()).as(type).isEqualTo(415);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 100\r\n\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Content-Length: -5\r\n\r\n",
        "Content-Length: x\r\n\r\n",
        "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"
      })
  void aBodyThatIsNotAsItsHeadSaysIsRefused(String rest) throws Exception {
    String answer =
        server.raw(
            server.head("POST /api/runs HTTP/1.1") + "Content-Type: application/json\r\n" + rest);

    assertThat(answer).startsWith("HTTP/1.1 400").contains("{\"error\":");
    assertHarmless(answer);
  }

  @Test
  void aClientThatLeavesIsNoFault() throws Exception {
    String run = server.run("Once upon a time").get("run").asString();
    for (String request :
        new String[] {
          server.head("POST /api/runs HTTP/1.1") + "Content-Length: 900000\r\n\r\n{",
          server.head("GET /api/runs/%s/export/html?reading=top HTTP/1.1".formatted(run)) + "\r\n",
          server.head("GET /lib/d3/dist/d3.min.js HTTP/1.1") + "\r\n",
          "GET / HTTP/1.1\r\nHo"
        }) {
      try (Socket socket = server.connect()) {
        socket.setSoLinger(true, 0);
        socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
        Thread.sleep(20);
      }
    }
    Thread.sleep(300);
  }

  // ---------------------------------------------------------------- prompts and planes

  @Test
  void aPromptLongerThanTheModelTakesIsTooLarge() throws Exception {
    HttpResponse<String> answer =
        server.post(
            "/api/runs", "{\"model\": \"m0\", \"text\": \"%s\"}".formatted("cat ".repeat(600)));

    assertThat(answer.statusCode()).isEqualTo(413);
    assertThat(Outsider.json(answer).get("error").asString())
        .matches("The prompt has \\d+ tokens, and weir-stories takes at most 512\\. Where: .*");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<script>alert(1)</script>",
        "\\u202e\\u200f\\u0000\\u0007\\u001b[31m",
        "👩‍🚀 שלום 日本",
        "' OR 1=1; --",
        "{{constructor.constructor('alert(1)')()}}",
        "%s %d ${jndi:ldap://x}"
      })
  void anyTextIsAPrompt(String text) throws Exception {
    HttpResponse<String> answer =
        server.post("/api/runs", "{\"model\": \"m0\", \"text\": \"%s\"}".formatted(text));

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
    assertThat(answer.body().chars().filter(c -> c < ' ' || c > '~')).isEmpty();
  }

  @Test
  void halfACharacterIsNoPrompt() throws Exception {
    HttpResponse<String> answer =
        server.post("/api/runs", "{\"model\": \"m0\", \"text\": \"\\ud800 x\"}");

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("half of a surrogate pair");
  }

  @ParameterizedTest
  @CsvSource({
    "positions=-1:3, 400",
    "positions=3:3, 400",
    "positions=5:2, 400",
    "positions=0:99999, 400",
    "positions=0:99999999999, 400",
    "positions=0, 400",
    "positions=NaN:NaN, 400",
    "places=0:14, 400",
    "places=%00:1, 400",
    "reading=nothing, 400",
    "reading=probability&token=notatokenatall, 400",
    "reading=probability&token=%23999999, 400",
    "reading=dot&direction=unknown, 404"
  })
  void aWindowOrAReadingThatIsNoneIsRefused(String asked, int status) throws Exception {
    String run = server.run("Once upon a time").get("run").asString();

    HttpResponse<String> answer = server.get("/api/runs/" + run + "/plane?" + asked);

    assertThat(answer.statusCode()).isEqualTo(status);
    assertOneLine(answer);
  }

  // ---------------------------------------------------------------- paths

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/js/../../../../../../etc/passwd",
        "/../../etc/passwd",
        "/js/%2e%2e/%2e%2e/Guard.class",
        "/js/..%2f..%2fGuard.class",
        "/js/%252e%252e/x.js",
        "/js/..\\..\\x.js",
        "/js/main.js%00.css",
        "/js/%00",
        "/js//main.js",
        "/js/./main.js",
        "/js/",
        "/js",
        "/css/../js/main.js",
        "/css/..;/js/main.js",
        "/js/main.js;x=y",
        "/lib/lit/../lit-html/lit-html.js",
        "/lib/../lit/index.js",
        "/lib/%2e%2e/index.js",
        "/lib/lit/package.json",
        "/lib/nothing/index.js",
        "/lib/lit/META-INF/maven/x.js",
        "/META-INF/MANIFEST.MF",
        "/dev/weir/page/index.html",
        "/index.html",
        "/api",
        "/api/",
        "/api/library/../../js/x.js",
        "/.git/config",
        "/favicon.svg/..",
        "/openapi.yaml~"
      })
  void noPathLeavesWhatTheServerOffers(String path) throws Exception {
    String answer = server.raw(server.head("GET " + path + " HTTP/1.1") + "\r\n");

    // Where dots lead within what is offered, they lead there.
    boolean inside =
        path.matches("/css/\\.\\./js/main\\.js|/lib/lit/\\.\\./lit-html/.*|/js/\\./.*");
    assertThat(answer).startsWith(inside ? "HTTP/1.1 " : "HTTP/1.1 40");
    assertThat(answer).doesNotContain("root:", "CAFEBABE", "Manifest-Version");
    assertHarmless(answer);
  }

  @ParameterizedTest
  @CsvSource({
    "DELETE, /api/server, 405, GET",
    "POST, /js/main.js, 405, GET",
    "PUT, /api/runs, 405, POST",
    "GET, /api/runs, 405, POST",
    "BREW, /, 405, GET",
    "TRACE, /, 405, GET",
    "OPTIONS, /api/runs, 405, POST",
    "GET, /api/nothing, 404, ",
    "POST, /api/runs/x, 404, "
  })
  void aWrongMethodIsToldTheRightOne(String method, String path, int status, String right)
      throws Exception {
    String answer =
        server.raw(server.head(method + " " + path + " HTTP/1.1") + "Content-Length: 0\r\n\r\n");

    assertThat(answer).startsWith("HTTP/1.1 " + status).contains("{\"error\":");
    assertThat(answer.contains("Allow: ")).isEqualTo(status == 405);
    if (status == 405) {
      assertThat(answer).contains("Allow: " + right);
    }
  }

  @Test
  void headsAndAddressesHaveALength() throws Exception {
    String long_ = "x".repeat(20_000);

    assertThat(server.raw(server.head("GET /?" + long_ + " HTTP/1.1") + "\r\n"))
        .startsWith("HTTP/1.1 414");
    assertThat(server.raw(server.head("GET / HTTP/1.1") + "X: " + long_ + "\r\n\r\n"))
        .startsWith("HTTP/1.1 400");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"nonsense\r\n\r\n", "GET / HTTP/1.0\r\n\r\n", "\u0016\u0003\u0001", "\r\n"})
  void whatIsNoRequestIsHungUpOn(String bytes) throws IOException {
    assertHarmless(server.raw(bytes));
  }

  private static HttpRequest.Builder post(String path) {
    return server
        .to(path)
        .header("X-Weir-Token", Outsider.TOKEN)
        .header("Content-Type", "application/json");
  }

  private static void assertOneLine(HttpResponse<String> answer) {
    String error = Outsider.json(answer).get("error").asString();
    assertThat(error).contains(". Where: ", ". To fix: ").doesNotContain("\n");
    assertHarmless(answer.body());
  }

  private static void assertHarmless(String answer) {
    assertThat(answer)
        .doesNotContain("dev.weir", "java.", "jackson", "helidon", "Exception", "\tat ", "$");
  }
}
