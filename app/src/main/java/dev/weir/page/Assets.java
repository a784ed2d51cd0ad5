package dev.weir.page;

import dev.weir.view.InlineHash;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.webjars.WebJarVersionLocator;

/// The files of the page and of the libraries that it is made of, out of the jars: nothing that a
/// request says reaches the file system.
final class Assets implements HttpService {
  /// Names of folders and files without anything that means something to a path.
  private static final Pattern PLAIN =
      Pattern.compile(
          "/?([a-zA-Z0-9_-]+/)*[a-zA-Z0-9_-]+(\\.[a-z]+)*\\.(?<end>js|css|svg|html|yaml)");

  private static final Pattern IMPORT_MAP =
      Pattern.compile("<script type=\"importmap\">(?<map>.*?)</script>", Pattern.DOTALL);

  private static final Map<String, String> TYPES =
      Map.of(
          "js", "text/javascript; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "svg", "image/svg+xml",
          "html", "text/html; charset=utf-8",
          "yaml", "application/yaml");

  private final WebJarVersionLocator libraries = new WebJarVersionLocator();

  @Override
  public void routing(HttpRules rules) {
    rules
        .get("/", (_, response) -> send(response, "index.html", own("index.html")))
        .get("/lib/{library}/*", this::library)
        .get("/css/*", Assets::page)
        .get("/js/*", Assets::page)
        .get("/favicon.svg", Assets::page)
        .get("/openapi.yaml", Assets::page);
  }

  private static void page(ServerRequest request, ServerResponse response) {
    String path = request.path().absolute().path().substring(1);
    send(response, path, own(path));
  }

  private void library(ServerRequest request, ServerResponse response) {
    String library = Wire.segment(request, "library");
    String path =
        request.path().absolute().path().substring("/lib/".length() + library.length() + 1);
    Optional<String> name =
        PLAIN.matcher(path).matches()
            ? Optional.ofNullable(libraries.fullPath(library, path))
            : Optional.empty();
    send(response, path, name.flatMap(full -> resource("/" + full)));
  }

  private static Optional<byte[]> own(String path) {
    return PLAIN.matcher(path).matches() ? resource("/dev/weir/page/" + path) : Optional.empty();
  }

  private static void send(ServerResponse response, String path, Optional<byte[]> contents) {
    if (contents.isEmpty()) {
      Wire.problem(response, Status.NOT_FOUND_404, "There is no such page.");
      return;
    }
    String end = path.substring(path.lastIndexOf('.') + 1);
    response.header(HeaderNames.CONTENT_TYPE, TYPES.getOrDefault(end, "text/plain"));
    response.send(contents.get());
  }

  private static Optional<byte[]> resource(String name) {
    try (InputStream in = Assets.class.getResourceAsStream(name)) {
      return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The hash of the page's import map, for the content security policy.
  static String importMapHash() {
    String page = new String(own("index.html").orElseThrow(), StandardCharsets.UTF_8);
    Matcher map = IMPORT_MAP.matcher(page);
    if (!map.find()) {
      throw new IllegalStateException("The page has no import map");
    }
    return InlineHash.of(map.group("map"));
  }
}
