package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// What tests of the page rest on: a browser that starts, and complains.
@ExtendWith(Browser.class)
class BrowserTest {
  private HttpServer server;
  private URI url;

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    url = URI.create("http://127.0.0.1:%d/".formatted(server.getAddress().getPort()));
    page("/favicon.ico", 200, "");
    page("/quiet", 200, "<p>here</p>");
    page("/console", 200, "<script>console.error('no')</script>");
    page("/script", 200, "<script>throw new Error('no')</script>");
    page("/elsewhere", 200, "<img src='http://example.invalid/x.png'>");
    page("/missing", 404, "none");
    server.start();
  }

  private void page(String path, int status, String html) {
    byte[] bytes = html.getBytes(StandardCharsets.UTF_8);
    server.createContext(
        path,
        exchange -> {
          exchange.getResponseHeaders().add("Content-Type", "text/html");
          exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void aPageIsShown(Tab tab) {
    assertThat(tab.open(url.resolve("quiet")).locator("p").textContent()).isEqualTo("here");
  }

  @Test
  void anErrorOnTheConsoleIsAComplaint(Tab tab) {
    tab.open(url.resolve("console"));
    assertThat(tab.complaints()).singleElement().asString().startsWith("console: no");
  }

  @Test
  void anErrorInAScriptIsAComplaint(Tab tab) {
    tab.open(url.resolve("script"));
    assertThat(tab.complaints()).singleElement().asString().startsWith("script: Error: no");
  }

  @Test
  void aRequestToAnotherHostIsAComplaint(Tab tab) {
    tab.open(url.resolve("elsewhere"));
    assertThat(tab.complaints()).contains("request to another host: http://example.invalid/x.png");
  }

  @Test
  void aRefusalIsAComplaint(Tab tab) {
    tab.open(url.resolve("missing"));
    assertThat(tab.complaints()).singleElement().asString().startsWith("refused with 404: http");
  }

  @Test
  void aRefusalThatWasExpectedIsNone(Tab tab) {
    tab.expectRefusal(404);
    tab.open(url.resolve("missing"));
    assertThat(tab.complaints()).isEmpty();
  }

  @Test
  void aRefusalThatDoesNotComeIsAComplaint(Tab tab) {
    tab.open(url.resolve("quiet"));
    tab.expectRefusal(413);
    assertThat(tab.complaints()).containsExactly("nothing was refused with 413");
  }
}
