package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
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

/// Who may ask, and what every answer says to the browser.
class GuardTest {
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
  void noFaultWasMet() {
    assertThat(server.faults()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "localhost", "LOCALHOST", "[::1]"})
  void thisMachinesNamesForItselfAreAnswered(String name) throws Exception {
    assertThat(status(asked("Host: %s:%d".formatted(name, port())))).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Host: evil.example:PORT",
        "Host: 127.0.0.1",
        "Host: 127.0.0.1:1",
        "Host: 127.0.0.1:PORT.evil.example",
        "Host: localhost.evil.example:PORT",
        "Host: 127.0.0.2:PORT",
        "Host: user@127.0.0.1:PORT",
        "Host:"
      })
  void otherNamesAreNot(String host) throws Exception {
    assertThat(status(asked(host.replace("PORT", "" + port())))).isIn(400, 403);
  }

  @Test
  void noNameTwoNamesAndNamesInTheAddressAreRefused() throws Exception {
    String own = "Host: 127.0.0.1:" + port();

    assertThat(status(asked("X: y"))).isEqualTo(400);
    assertThat(status(asked(own + "\r\nHost: evil.example"))).isEqualTo(400);
    assertThat(status(got("http://evil.example/"))).isEqualTo(403);
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://127.0.0.1:PORT", "http://localhost:PORT"})
  void ourOwnOriginsMayAsk(String origin) throws Exception {
    assertThat(from(origin).statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://evil.example",
        "https://127.0.0.1:PORT",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "null",
        "http://evil.example:PORT"
      })
  void otherOriginsMayNot(String origin) throws Exception {
    assertThat(from(origin).statusCode()).isEqualTo(403);
  }

  @ParameterizedTest
  @CsvSource({
    "/api/server, same-origin, cors, 200",
    "/api/server, none, navigate, 200",
    "/api/server, cross-site, no-cors, 403",
    "/api/server, same-site, cors, 403",
    "/api/server, cross-site, navigate, 403",
    "/, cross-site, navigate, 200",
    "/, cross-site, no-cors, 403",
    "/js/main.js, cross-site, cors, 403"
  })
  void aBrowserThatSaysWhoseRequestItIsIsBelieved(String path, String site, String mode, int status)
      throws Exception {
    HttpRequest.Builder request =
        server.to(path).header("Sec-Fetch-Site", site).header("Sec-Fetch-Mode", mode);

    assertThat(server.send(request).statusCode()).isEqualTo(status);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "0123456789abcdef0123456789abcdeF", Outsider.TOKEN + "0", "ü"})
  void whoeverLacksTheTokenChangesNothing(String token) throws Exception {
    for (String method : List.of("POST", "PUT", "PATCH", "DELETE", "BREW")) {
      String answer =
          server.raw(
              "%s /api/runs HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX-Weir-Token: %s\r\nContent-Length: 0\r\n\r\n"
                  .formatted(method, port(), token));

      assertThat(status(answer)).as(method).isIn(400, 403);
      assertThat(answer).doesNotContain(Outsider.TOKEN);
    }
  }

  @Test
  void aTokenInTheAddressIsNone() throws Exception {
    HttpRequest.Builder request =
        server.to("/api/runs?token=" + Outsider.TOKEN).POST(BodyPublishers.ofString("{}"));

    assertThat(server.send(request).statusCode()).isEqualTo(403);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/api/server", "/js/main.js", "/nothing", "/lib/lit/index.js", "/%zz"})
  void everyAnswerTellsTheBrowserToDoNothingElseWithIt(String path) throws Exception {
    assertThat(got(path))
        .contains("X-Content-Type-Options: nosniff")
        .contains("Referrer-Policy: no-referrer")
        .contains("Cross-Origin-Opener-Policy: same-origin")
        .contains("Cross-Origin-Resource-Policy: same-origin")
        .contains("Cache-Control: no-store")
        .contains("default-src 'none'; script-src 'self' 'sha256-")
        .contains("frame-ancestors 'none'")
        .doesNotContain("unsafe-", "Access-Control", "Server:");
  }

  @Test
  void aHeadIsAnAnswerWithoutItsBody() throws Exception {
    HttpResponse<String> head = server.send(server.to("/js/main.js").HEAD());

    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(head.headers().firstValue("Content-Length"))
        .isEqualTo(server.get("/js/main.js").headers().firstValue("Content-Length"));
  }

  private static String asked(String headers) throws Exception {
    return server.raw("GET /favicon.svg HTTP/1.1\r\n" + headers + "\r\n\r\n");
  }

  private static String got(String path) throws Exception {
    return server.raw(server.head("GET " + path + " HTTP/1.1") + "\r\n");
  }

  private static HttpResponse<String> from(String origin) throws Exception {
    return server.send(
        server.to("/favicon.svg").header("Origin", origin.replace("PORT", "" + port())));
  }

  private static int status(String answer) {
    return Integer.parseInt(answer.substring(9, 12));
  }

  private static int port() {
    return server.port();
  }
}
