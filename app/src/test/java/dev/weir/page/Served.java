package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.cli.Shell;
import dev.weir.model.family.ModelFiles;
import dev.weir.page.run.Models;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The stream page, served in this process on a free port, and a script that asks it. Closing it
/// says whether Weir was at fault in anything.
final class Served implements AutoCloseable {
  static final String TOKEN = "a-token-for-tests";

  private static final long MEMORY = 1L << 28;
  private static final JsonMapper JSON = new JsonMapper();

  private final List<Throwable> faults = new CopyOnWriteArrayList<>();
  private final HttpClient client = HttpClient.newHttpClient();
  private final PageServer server;

  Served(Path data, List<Models.Source> models) {
    Path text = Shell.root().resolve("models/texts/stories.txt");
    Settings settings = new Settings("127.0.0.1", 0, TOKEN, data, text, MEMORY, faults::add);
    server = PageServer.start(settings, models);
  }

  /// Serves the model that ships with Weir.
  ///
  /// @param data the folder for the user's own things
  static Served bundled(Path data) {
    return of(data, Shell.root().resolve("models/weir-stories"));
  }

  /// Serves models from their files.
  ///
  /// @param data the folder for the user's own things
  /// @param models their folders or files
  static Served of(Path data, Path... models) {
    return new Served(data, List.of(models).stream().map(Served::source).toList());
  }

  private static Models.Source source(Path model) {
    return new Models.Source(model.getFileName().toString(), () -> ModelFiles.open(model));
  }

  /// The address of the page, with the token.
  URI link() {
    return URI.create(server.link());
  }

  /// What a script is told.
  ///
  /// @param path below `/api/`
  JsonNode get(String path) {
    return answer(request(path).GET().build());
  }

  /// What a script is told that brings something.
  ///
  /// @param path below `/api/`
  /// @param json what it brings
  JsonNode post(String path, Object json) {
    String body = JSON.writeValueAsString(json);
    return answer(request(path).POST(HttpRequest.BodyPublishers.ofString(body)).build());
  }

  /// What a script is told that changes or deletes something.
  ///
  /// @param method for instance `PUT`
  /// @param path below `/api/`
  /// @param json what it brings
  JsonNode ask(String method, String path, Object json) {
    String body = JSON.writeValueAsString(json);
    return answer(request(path).method(method, HttpRequest.BodyPublishers.ofString(body)).build());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(link().resolve("/api/" + path))
        .header("X-Weir-Token", TOKEN)
        .header("Content-Type", "application/json");
  }

  private JsonNode answer(HttpRequest request) {
    try {
      HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).as(response.body()).isBetween(200, 299);
      return JSON.readTree(response.body());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    client.close();
    server.close();
    assertThat(faults).as("faults of Weir").isEmpty();
  }
}
