package dev.weir.weights.hub;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/// A hub on this machine that speaks as much of the interface as a download uses, and fails as
/// told.
final class LocalHub implements AutoCloseable {
  static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Map<String, byte[]> files = new LinkedHashMap<>();
  private final Map<String, String> listed = new LinkedHashMap<>();
  private final Deque<Misbehaviour> misbehaviours = new ArrayDeque<>();

  /// One line for each request: path, then its Range and Authorization.
  final List<String> requests = new CopyOnWriteArrayList<>();

  private String neededToken = "";

  /// Answers a request for a file in place of the hub.
  @FunctionalInterface
  interface Misbehaviour {
    void answer(HttpExchange exchange, byte[] content) throws IOException;
  }

  LocalHub() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/", this::handle);
    server.setExecutor(threads);
    server.start();
  }

  URI endpoint() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  LocalHub withFile(String path, byte[] content) {
    files.put(path, content);
    String hash =
        content.length > 1000
            ? "\"blobId\":\"%s\",\"lfs\":{\"sha256\":\"%s\",\"size\":%d}"
                .formatted("a".repeat(40), hash("SHA-256", content), content.length)
            : "\"blobId\":\"%s\"".formatted(gitHash(content));
    return withListed(
        path, "{\"rfilename\":\"%s\",\"size\":%d,%s}".formatted(path, content.length, hash));
  }

  /// What the listing says of a file, true or not.
  LocalHub withListed(String path, String json) {
    listed.put(path, json);
    return this;
  }

  LocalHub needing(String token) {
    neededToken = token;
    return this;
  }

  /// The next requests for files are answered so, one after another.
  LocalHub misbehaving(Misbehaviour... next) {
    misbehaviours.addAll(List.of(next));
    return this;
  }

  static Misbehaviour status(int status, String... header) {
    return (exchange, _) -> {
      if (header.length == 2) {
        exchange.getResponseHeaders().set(header[0], header[1]);
      }
      exchange.sendResponseHeaders(status, -1);
      exchange.close();
    };
  }

  /// Sends the beginning and cuts the connection.
  static Misbehaviour cutAfter(int bytes) {
    return (exchange, content) -> {
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content, 0, bytes);
      exchange.getResponseBody().flush();
      // Leaving before the announced length closes the connection.
      throw new IOException("cut on purpose");
    };
  }

  private void handle(HttpExchange exchange) throws IOException {
    String authorization = exchange.getRequestHeaders().getFirst("Authorization");
    String range = exchange.getRequestHeaders().getFirst("Range");
    String path = exchange.getRequestURI().getRawPath();
    requests.add(
        path
            + (range == null ? "" : " " + range)
            + (authorization == null ? "" : " " + authorization));
    if (!neededToken.isEmpty() && !("Bearer " + neededToken).equals(authorization)) {
      status(401).answer(exchange, new byte[0]);
    } else if (path.equals("/api/models/owner/name/revision/main")
        || path.equals("/api/models/owner/name/revision/" + COMMIT)) {
      send(exchange, 200, listing().getBytes(StandardCharsets.UTF_8), 0);
    } else {
      sendFile(exchange, path, range);
    }
  }

  private String listing() {
    return listed.values().stream()
        .collect(
            Collectors.joining(
                ",", "{\"id\":\"owner/name\",\"sha\":\"" + COMMIT + "\",\"siblings\":[", "]}"));
  }

  private void sendFile(HttpExchange exchange, String path, String range) throws IOException {
    String file = path.replace("/owner/name/resolve/" + COMMIT + "/", "");
    byte[] content = files.get(URLDecoder.decode(file, StandardCharsets.UTF_8));
    if (content == null) {
      status(404, "X-Error-Code", "EntryNotFound").answer(exchange, new byte[0]);
    } else if (!misbehaviours.isEmpty()) {
      misbehaviours.remove().answer(exchange, content);
    } else if (range == null) {
      send(exchange, 200, content, 0);
    } else {
      int from = Integer.parseInt(range.replaceAll("\\D", ""));
      exchange
          .getResponseHeaders()
          .set(
              "Content-Range",
              "bytes %d-%d/%d".formatted(from, content.length - 1, content.length));
      send(exchange, 206, content, from);
    }
  }

  private static void send(HttpExchange exchange, int status, byte[] content, int from)
      throws IOException {
    int length = content.length - from;
    exchange.sendResponseHeaders(status, length == 0 ? -1 : length);
    try (OutputStream body = exchange.getResponseBody()) {
      body.write(content, from, length);
    }
  }

  static String gitHash(byte[] content) {
    byte[] prefix = ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII);
    byte[] whole = new byte[prefix.length + content.length];
    System.arraycopy(prefix, 0, whole, 0, prefix.length);
    System.arraycopy(content, 0, whole, prefix.length, content.length);
    return hash("SHA-1", whole);
  }

  private static String hash(String algorithm, byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
