package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlowClientsTest {
  private static Outsider server;

  @BeforeAll
  static void serve(@TempDir Path data) {
    server = new Outsider(data, Duration.ofMillis(500));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HT",
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n",
        "POST /api/runs HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX-Weir-Token: TOKEN\r\nContent-Length: 100\r\n\r\n{",
        "GET /favicon.svg HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n"
      })
  void areHungUpOnWhenTheyFallSilent(String start) throws IOException {
    try (Socket socket = server.connect()) {
      write(socket, start);

      while (socket.getInputStream().read() >= 0) {
        // What was asked whole is answered first.
      }
    }
    assertThat(server.faults()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n",
        "POST /api/runs HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX-Weir-Token: TOKEN\r\nContent-Length: 100000\r\n\r\n"
      })
  void areHungUpOnHoweverOftenTheySendALittle(String start) throws Exception {
    long begin = System.nanoTime();
    try (Socket socket = server.connect()) {
      write(socket, start);
      while (System.nanoTime() - begin < 10_000_000_000L) {
        write(socket, "x: y\r\n");
        Thread.sleep(50);
      }
    } catch (SocketException _) {
      // Hung up on.
    }
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(8));
    assertThat(server.faults()).isEmpty();
  }

  @Test
  void thoseWhoseAnswerTakesLongAreNot() throws Exception {
    String prompt = "Once upon a time there was a cat. ".repeat(40);

    assertThat(server.run(prompt).get("run").asString()).isNotEmpty();
    String run = server.run(prompt).get("run").asString();
    assertThat(server.get("/api/runs/%s/export/html?reading=top".formatted(run)).statusCode())
        .isEqualTo(200);
  }

  private static void write(Socket socket, String text) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(
        text.replace("PORT", "" + server.port())
            .replace("TOKEN", Outsider.TOKEN)
            .getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }
}
