package dev.weir.page;

import dev.weir.model.family.ModelFiles;
import dev.weir.page.run.Models;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A server of the bundled model, and whoever asks it, well-meaning or not.
final class Outsider implements AutoCloseable {
  static final String TOKEN = "0123456789abcdef0123456789abcdef";
  static final Path BUNDLED = Path.of("..", "models", "weir-stories");

  private static final JsonMapper JSON = new JsonMapper();

  private final List<Throwable> faults = new CopyOnWriteArrayList<>();
  private final HttpClient client = HttpClient.newHttpClient();
  private final PageServer server;

  Outsider(Path data) {
    this(data, Duration.ofSeconds(30));
  }

  Outsider(Path data, Duration patience) {
    this(data, patience, new Models.Source("weir-stories", () -> ModelFiles.open(BUNDLED)));
  }

  Outsider(Path data, Duration patience, Models.Source... models) {
    Settings settings =
        new Settings(
            "127.0.0.1",
            0,
            TOKEN,
            data,
            Path.of("..", "models", "texts", "stories.txt"),
            1L << 28,
            faults::add);
    server = PageServer.start(settings, patience, List.of(models));
  }

  PageServer server() {
    return server;
  }

  int port() {
    return server.port();
  }

  /// What went wrong in Weir itself; says it once.
  List<Throwable> faults() {
    List<Throwable> met = List.copyOf(faults);
    faults.clear();
    return met;
  }

  URI at(String path) {
    return URI.create("http://127.0.0.1:%d%s".formatted(server.port(), path));
  }

  HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(at(path)).timeout(Duration.ofSeconds(30));
  }

  HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  HttpResponse<byte[]> bytes(String path) throws IOException, InterruptedException {
    return client.send(to(path).build(), BodyHandlers.ofByteArray());
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(to(path));
  }

  HttpResponse<String> post(String path, String json) throws IOException, InterruptedException {
    return send(
        to(path)
            .header("X-Weir-Token", TOKEN)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json)));
  }

  /// Runs a prompt on the first model.
  ///
  /// @return what the server says of it
  JsonNode run(String prompt) throws IOException, InterruptedException {
    String json =
        JSON.writeValueAsString(JSON.createObjectNode().put("model", "m0").put("text", prompt));
    return json(post("/api/runs", json));
  }

  static JsonNode json(HttpResponse<String> response) {
    return JSON.readTree(response.body());
  }

  /// Sends bytes as they are, and gives what comes back until the server hangs up or has said what
  /// it has to say.
  String raw(String bytes) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().flush();
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  /// A connection on which nothing was said yet; reading from it gives up after a while.
  Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(10_000);
    return socket;
  }

  /// How a request begins that is understood.
  String head(String firstLine) {
    return "%s\r\nHost: 127.0.0.1:%d\r\nX-Weir-Token: %s\r\n"
        .formatted(firstLine, server.port(), TOKEN);
  }

  @Override
  public void close() {
    client.close();
    server.close();
  }
}
