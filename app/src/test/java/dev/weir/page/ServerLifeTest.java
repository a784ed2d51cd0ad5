package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.model.family.ModelFiles;
import dev.weir.page.run.Models;
import dev.weir.page.run.PageException;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What outlives what: the page its model's files, a link its server, nothing the server.
class ServerLifeTest {
  @TempDir Path folder;

  @Test
  void aModelWhoseFilesAreDeletedGoesOn() throws Exception {
    Path model = folder.resolve("model");
    copy(Outsider.BUNDLED, model);
    try (Outsider server =
        new Outsider(
            folder.resolve("data"),
            Duration.ofSeconds(30),
            new Models.Source("copy", () -> ModelFiles.open(model)))) {
      server.run("Once upon a time");

      try (Stream<Path> files = Files.list(model)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }

      String run = server.run("There was a dog who").get("run").asString();
      assertThat(server.get("/api/runs/%s/plane?reading=top".formatted(run)).statusCode())
          .isEqualTo(200);
      assertThat(server.faults()).isEmpty();
    }
  }

  @Test
  void aModelThatCannotBeOpenedSaysWhyAndTheOthersAreThere() throws Exception {
    try (Outsider server =
        new Outsider(
            folder,
            Duration.ofSeconds(30),
            new Models.Source("weir-stories", () -> ModelFiles.open(Outsider.BUNDLED)),
            new Models.Source("nothing", () -> ModelFiles.open(folder)))) {
      HttpResponse<String> answer =
          server.post("/api/runs", "{\"model\": \"m1\", \"text\": \"Once\"}");

      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(Outsider.json(answer).get("error").asString()).contains(". To fix: ");
      assertThat(server.run("Once").get("model").asString()).isEqualTo("m0");
      assertThat(server.get("/").statusCode()).isEqualTo(200);
      assertThat(server.faults()).isEmpty();
    }
  }

  @Test
  void aServerThatStopsEndsTheStreamsThatAreOpen() throws Exception {
    Outsider server = new Outsider(folder);
    String direction =
        Outsider.json(
                server.post(
                    "/api/directions",
                    "{\"kind\": \"neuron\", \"model\": \"m0\", \"layer\": 0, \"neuron\": 0}"))
            .get("id")
            .asString();
    String job =
        Outsider.json(
                server.post(
                    "/api/jobs",
                    """
                    {"kind": "histogram", "of": {"model": "m0", "direction": "%s", "place": "3_pre",
                      "windows": 100000, "first": "left_out"}}
                    """
                        .formatted(direction)))
            .get("id")
            .asString();
    try (Socket stream = server.connect()) {
      String request = server.head("GET /api/jobs/%s/events HTTP/1.1".formatted(job)) + "\r\n";
      stream.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      assertThat(stream.getInputStream().read()).isPositive();

      long begin = System.nanoTime();
      server.close();

      while (stream.getInputStream().read() >= 0) {
        // What was sent before the end.
      }
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
    } catch (IOException _) {
      // Hung up on without a farewell.
    }
    assertThat(server.faults()).isEmpty();
  }

  @Test
  void aPortThatIsTakenIsSaid() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
      Settings settings =
          new Settings("127.0.0.1", taken.getLocalPort(), "", folder, folder, 1, _ -> {});

      assertThatThrownBy(() -> PageServer.start(settings, List.of()))
          .isInstanceOf(PageException.class)
          .hasMessage(
              "Nothing can listen at 127.0.0.1, port %d. Where: --host, --port. To fix: use another port, or leave both out."
                  .formatted(taken.getLocalPort()));
    }
  }

  @Test
  void aTokenStaysAndOnlyItsOwnerReadsIt() throws Exception {
    Path data = folder.resolve("a").resolve("b");
    RandomGenerator luck = RandomGenerator.of("L64X128MixRandom");

    String token = AccessToken.in(data, luck);

    assertThat(token).matches("[0-9a-f]{32}");
    assertThat(AccessToken.in(data, luck)).isEqualTo(token);
    assertThat(permissions(data.resolve("token"))).isEqualTo("rw-------");
    assertThat(permissions(data)).isEqualTo("rwx------");
    assertThat(AccessToken.in(folder.resolve("c"), luck)).isNotEqualTo(token);
  }

  @Test
  void aTokenThatOthersCouldReadIsClosedToThemAndABrokenOneIsReplaced() throws Exception {
    RandomGenerator luck = RandomGenerator.of("L64X128MixRandom");
    String token = AccessToken.in(folder, luck);
    Path file = folder.resolve("token");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));

    assertThat(AccessToken.in(folder, luck)).isEqualTo(token);
    assertThat(permissions(file)).isEqualTo("rw-------");

    Files.writeString(file, "x");
    assertThat(AccessToken.in(folder, luck)).matches("[0-9a-f]{32}");
  }

  @Test
  void aFolderThatIsNoneIsSaid() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "");

    assertThatThrownBy(() -> AccessToken.in(file, RandomGenerator.getDefault()))
        .isInstanceOf(PageException.class)
        .hasMessageContaining("choose a folder of your own with --data");
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }
}
