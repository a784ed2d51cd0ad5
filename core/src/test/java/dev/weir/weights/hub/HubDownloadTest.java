package dev.weir.weights.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HubDownloadTest {
  private static final HubRepository REPOSITORY = HubRepository.of("owner/name");
  private static final byte[] CONFIG = "{\"n_layer\": 1}".getBytes(StandardCharsets.UTF_8);
  private static final byte[] WEIGHTS = new byte[300_000];

  static {
    new SplittableRandom(5).nextBytes(WEIGHTS);
  }

  @TempDir private Path folder;
  private final LocalHub hub = new LocalHub();
  private final List<Duration> pauses = new ArrayList<>();

  @AfterEach
  void stop() {
    hub.close();
  }

  private HubDownload download() {
    return download(new HubAccess.Anonymous(), new HubSelection.Usual());
  }

  private HubDownload download(HubAccess access, HubSelection selection) {
    return new HubDownload(
        hub.endpoint(), access, selection, patience(Duration.ofSeconds(20)), HubProgress.silent());
  }

  private HubPatience patience(Duration silence) {
    return new HubPatience(
        3,
        Duration.ofSeconds(1),
        Duration.ofSeconds(60),
        silence,
        pauses::add,
        () -> Instant.parse("2026-01-01T00:00:00Z"));
  }

  private LocalHub model() {
    return hub.withFile("config.json", CONFIG).withFile("model.safetensors", WEIGHTS);
  }

  @Test
  void aModelIsFetchedWholeAndPinned() {
    model().withFile("pytorch_model.bin", WEIGHTS).withFile("onnx/model.onnx", WEIGHTS);
    HubSnapshot snapshot = download().fetch(REPOSITORY, folder.resolve("new/model"));
    assertThat(snapshot.commit()).isEqualTo(LocalHub.COMMIT);
    assertThat(snapshot.fetched()).isEqualTo(2);
    assertThat(snapshot.folder().resolve("config.json")).hasBinaryContent(CONFIG);
    assertThat(snapshot.folder().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(list(snapshot.folder())).containsExactly("config.json", "model.safetensors");
    assertThat(hub.requests)
        .containsExactly(
            "/api/models/owner/name/revision/main",
            "/owner/name/resolve/" + LocalHub.COMMIT + "/config.json",
            "/owner/name/resolve/" + LocalHub.COMMIT + "/model.safetensors");
  }

  /// The hash of `hello\n` as Git itself gives it: `printf 'hello\n' | git hash-object --stdin`.
  @Test
  void gitNamesFilesAsGitDoes() throws IOException {
    Path file = Files.writeString(folder.resolve("hello"), "hello\n");
    assertThat(new HubDigest(HubDigest.Kind.GIT_BLOB, "").of(file))
        .isEqualTo("ce013625030ba8dba906f756967f9e9ca394464a");
  }

  @Test
  void wholeFilesAreNotFetchedAgainAndChangedOnesAre() throws IOException {
    model();
    download().fetch(REPOSITORY, folder);
    hub.requests.clear();
    assertThat(download().fetch(REPOSITORY, folder).fetched()).isZero();
    assertThat(hub.requests).hasSize(1);
    byte[] changed = WEIGHTS.clone();
    changed[7] ^= 1;
    Files.write(folder.resolve("model.safetensors"), changed);
    assertThat(download().fetch(REPOSITORY, folder).fetched()).isEqualTo(1);
    assertThat(folder.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
  }

  @Test
  void aCutConnectionGoesOnWhereItStopped() {
    hub.withFile("model.safetensors", WEIGHTS).misbehaving(LocalHub.cutAfter(100_000));
    download().fetch(REPOSITORY, folder);
    assertThat(folder.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(hub.requests.getLast()).contains("bytes=");
    assertThat(pauses).containsExactly(Duration.ofSeconds(1));
    assertThat(list(folder)).containsExactly("model.safetensors");
  }

  /// Without an announced length a connection that ends early looks like one that is done.
  @Test
  void anAnswerThatEndsEarlyIsNotTakenForWhole() {
    LocalHub.Misbehaviour early =
        (exchange, content) -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write(content, 0, 100_000);
          exchange.close();
        };
    hub.withFile("model.safetensors", WEIGHTS).misbehaving(early);
    download().fetch(REPOSITORY, folder);
    assertThat(folder.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(hub.requests.getLast()).endsWith("bytes=100000-");
  }

  @Test
  void aLaterRunGoesOnWithThePartOfAnEarlierOne() throws IOException {
    model();
    Path part = folder.resolve(partName());
    Files.write(part, Arrays.copyOf(WEIGHTS, 200_000));
    download().fetch(REPOSITORY, folder);
    assertThat(hub.requests.getLast()).endsWith("model.safetensors bytes=200000-");
    assertThat(folder.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
  }

  private static String partName() {
    HubDigest digest = new HubDigest(HubDigest.Kind.SHA256, "");
    try {
      Path whole = Files.write(Files.createTempFile("weights", ""), WEIGHTS);
      String hex = digest.of(whole);
      Files.delete(whole);
      return "model.safetensors." + hex.substring(0, 12) + ".part";
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aPartThatIsBadIsFetchedAgainFromTheStart() throws IOException {
    model();
    Files.write(folder.resolve(partName()), new byte[200_000]);
    download().fetch(REPOSITORY, folder);
    assertThat(folder.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    Files.delete(folder.resolve("model.safetensors"));
    Files.write(folder.resolve(partName()), new byte[400_000]);
    download().fetch(REPOSITORY, folder);
    assertThat(folder.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
  }

  @Test
  void aHubThatCannotGoOnSendsAllOfIt() throws IOException {
    for (LocalHub.Misbehaviour reply :
        List.of(
            LocalHub.status(416),
            (LocalHub.Misbehaviour)
                (exchange, content) -> {
                  exchange.sendResponseHeaders(200, content.length);
                  exchange.getResponseBody().write(content);
                  exchange.close();
                })) {
      model().misbehaving(reply);
      Files.createDirectories(folder);
      Files.write(folder.resolve("config.json"), CONFIG);
      Files.deleteIfExists(folder.resolve("model.safetensors"));
      Files.write(folder.resolve(partName()), Arrays.copyOf(WEIGHTS, 1000));
      download().fetch(REPOSITORY, folder);
      assertThat(folder.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    }
  }

  @Test
  void aFileWithAnotherHashIsRefusedAndNotKept() {
    hub.withFile("model.safetensors", WEIGHTS)
        .withListed(
            "model.safetensors",
            "{\"rfilename\":\"model.safetensors\",\"size\":300000,\"lfs\":{\"sha256\":\"%s\"}}"
                .formatted("0".repeat(64)));
    assertThatThrownBy(() -> download().fetch(REPOSITORY, folder))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("The file's SHA256 is ")
        .hasMessageContaining("expected " + "0".repeat(64));
    assertThat(list(folder)).isEmpty();
  }

  @Test
  void moreBytesThanAnnouncedAreRefused() {
    hub.withFile("model.safetensors", WEIGHTS)
        .withListed(
            "model.safetensors",
            "{\"rfilename\":\"model.safetensors\",\"size\":1000,\"lfs\":{\"sha256\":\"%s\"}}"
                .formatted("0".repeat(64)));
    assertThatThrownBy(() -> download().fetch(REPOSITORY, folder))
        .hasMessageContaining("The hub sends more than the 1000 bytes it announced");
  }

  @Test
  void theTokenGoesToTheEndpointAndNowhereElse() {
    try (LocalHub elsewhere = new LocalHub()) {
      elsewhere.withFile("cdn", WEIGHTS);
      // Another port is another host.
      URI target = elsewhere.endpoint().resolve("/cdn");
      hub.withFile("model.safetensors", WEIGHTS)
          .needing("secret")
          .misbehaving(LocalHub.status(302, "Location", target.toString()));
      elsewhere.withFile("/cdn", WEIGHTS);
      download(new HubAccess.Token("secret"), new HubSelection.Usual()).fetch(REPOSITORY, folder);
      assertThat(folder.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
      assertThat(hub.requests).allMatch(request -> request.endsWith(" Bearer secret"));
      assertThat(elsewhere.requests).containsExactly("/cdn");
    }
    assertThat(new HubAccess.Token("secret")).asString().doesNotContain("secret");
  }

  @Test
  void aRedirectWithinTheHubKeepsTheToken() {
    hub.withFile("model.safetensors", WEIGHTS)
        .needing("secret")
        .misbehaving(
            LocalHub.status(
                307, "Location", "/owner/name/resolve/" + LocalHub.COMMIT + "/model.safetensors"));
    download(new HubAccess.Token("secret"), new HubSelection.Usual()).fetch(REPOSITORY, folder);
    assertThat(hub.requests).hasSize(3).allMatch(request -> request.endsWith(" Bearer secret"));
  }

  @Test
  void redirectsEnd() {
    String self = "/owner/name/resolve/" + LocalHub.COMMIT + "/model.safetensors";
    LocalHub.Misbehaviour round = LocalHub.status(302, "Location", self);
    hub.withFile("model.safetensors", WEIGHTS)
        .misbehaving(round, round, round, round, round, round);
    assertThatThrownBy(() -> download().fetch(REPOSITORY, folder))
        .hasMessageContaining("The hub redirects more than 5 times");
    hub.misbehaving(LocalHub.status(302, "Location", "file:///etc/passwd"));
    assertThatThrownBy(() -> download().fetch(REPOSITORY, folder))
        .hasMessageContaining("redirects to 'file:///etc/passwd', which cannot be followed");
    hub.misbehaving(LocalHub.status(302));
    assertThatThrownBy(() -> download().fetch(REPOSITORY, folder))
        .hasMessageContaining("cannot be followed");
  }

  @Test
  void refusalsSayWhatToDo() {
    hub.needing("secret");
    assertThatThrownBy(() -> download().fetch(REPOSITORY, folder))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("The hub asks for a login (401)")
        .hasMessageContaining("HF_TOKEN");
    hub.needing("");
    assertThatThrownBy(() -> download().fetch(new HubRepository("owner/gone", "main"), folder))
        .hasMessageContaining("no such repository, revision or file (404, EntryNotFound)");
    assertThatThrownBy(() -> download().fetch(new HubRepository("owner/name", "v9"), folder))
        .hasMessageContaining("404");
    hub.withFile("model.safetensors", WEIGHTS).misbehaving(LocalHub.status(403));
    assertThatThrownBy(() -> download().fetch(REPOSITORY, folder))
        .hasMessageContaining("The hub refuses access (403)");
    hub.misbehaving(LocalHub.status(418));
    assertThatThrownBy(() -> download().fetch(REPOSITORY, folder))
        .hasMessageContaining("The hub answers with status 418");
    assertThat(pauses).isEmpty();
  }

  @Test
  void aBusyHubIsAskedAgainWhenItSays() {
    model()
        .misbehaving(
            LocalHub.status(429, "Retry-After", "7"),
            LocalHub.status(503, "Retry-After", "Thu, 01 Jan 2026 00:00:42 GMT"));
    download().fetch(REPOSITORY, folder);
    assertThat(pauses).containsExactly(Duration.ofSeconds(7), Duration.ofSeconds(42));
  }

  @Test
  void patienceEnds() {
    hub.withFile("model.safetensors", WEIGHTS)
        .misbehaving(LocalHub.status(500), LocalHub.status(502), LocalHub.status(503));
    assertThatThrownBy(() -> download().fetch(REPOSITORY, folder))
        .hasMessageContaining("The hub fails with status 503, 3 attempts in a row");
    assertThat(pauses).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(2));
    hub.misbehaving(LocalHub.status(429, "Retry-After", "3600"));
    assertThatThrownBy(() -> download().fetch(REPOSITORY, folder))
        .hasMessageContaining("The hub takes no more requests for now (429)")
        .hasMessageContaining("asks to wait 3600 s");
    hub.close();
    assertThatThrownBy(() -> download().fetch(REPOSITORY, folder))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("The connection fails, 3 attempts in a row");
  }

  @Test
  void patienceStartsAnewWithEveryByteGained() {
    hub.withFile("model.safetensors", WEIGHTS)
        .misbehaving(
            LocalHub.status(500),
            LocalHub.status(500),
            LocalHub.cutAfter(100_000),
            LocalHub.status(500));
    download().fetch(REPOSITORY, folder);
    assertThat(folder.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(pauses).extracting(Duration::toSeconds).containsExactly(1L, 2L, 1L, 2L);
  }

  @Test
  void aConnectionThatFallsSilentIsGivenUp() {
    LocalHub.Misbehaviour silent =
        (exchange, content) -> {
          exchange.sendResponseHeaders(200, content.length);
          exchange.getResponseBody().write(content, 0, 50_000);
          exchange.getResponseBody().flush();
          try {
            Thread.sleep(Duration.ofSeconds(30));
          } catch (InterruptedException _) {
            exchange.close();
          }
        };
    hub.withFile("model.safetensors", WEIGHTS).misbehaving(silent);
    List<String> reasons = new ArrayList<>();
    HubProgress progress =
        new HubProgress() {
          @Override
          public void waiting(String reason, Duration pause) {
            reasons.add(reason);
          }
        };
    new HubDownload(
            hub.endpoint(),
            new HubAccess.Anonymous(),
            new HubSelection.Usual(),
            patience(Duration.ofMillis(400)),
            progress)
        .fetch(REPOSITORY, folder);
    assertThat(folder.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(reasons).hasSize(1);
    assertThat(hub.requests.getLast()).contains("bytes=");
  }

  @Test
  void aPinnedCommitIsFetchedAsItIs() {
    model();
    HubSnapshot snapshot =
        download().fetch(new HubRepository("owner/name", LocalHub.COMMIT), folder);
    assertThat(snapshot.commit()).isEqualTo(LocalHub.COMMIT);
    assertThat(hub.requests.getFirst()).endsWith("/revision/" + LocalHub.COMMIT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../evil",
        "/etc/passwd",
        "a/../../b",
        "a//b",
        "..",
        "a\\\\b",
        "c:x",
        "a/.",
        "x\\u0000"
      })
  void aFileOutsideTheFolderIsRefused(String path) {
    model()
        .withListed(
            "evil",
            "{\"rfilename\":\"%s\",\"size\":1,\"blobId\":\"%s\"}".formatted(path, "e".repeat(40)));
    assertThatThrownBy(() -> download().fetch(REPOSITORY, folder))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("that would not lie in the target folder")
        .message()
        .doesNotContain("\n");
    assertThat(list(folder)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"rfilename\":\"a.json\",\"size\":1}",
        "{\"rfilename\":\"a.json\",\"size\":1,\"blobId\":\"xyz\"}",
        "{\"rfilename\":\"a.json\",\"size\":1e9,\"blobId\":\"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\"}",
        "{\"rfilename\":\"a.json\",\"size\":-1,\"blobId\":\"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\"}",
        "{\"rfilename\":\"config.json\",\"size\":1,\"blobId\":\"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\"}",
        "{\"rfilename\":"
      })
  void anAnswerThatIsNotUnderstoodIsSaidSo(String listed) {
    model().withListed("x", listed);
    assertThatThrownBy(() -> download().fetch(REPOSITORY, folder))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("The hub's answer is not understood");
  }

  @Test
  void aDownloadLargerThanTheDiskIsNotBegun() {
    hub.withListed(
        "model.safetensors",
        "{\"rfilename\":\"model.safetensors\",\"size\":%d,\"lfs\":{\"sha256\":\"%s\"}}"
            .formatted(Long.MAX_VALUE, "0".repeat(64)));
    assertThatThrownBy(() -> download().fetch(REPOSITORY, folder))
        .hasMessageContaining("The download takes 9223372036854775807 bytes, but the disk has");
    assertThat(hub.requests).hasSize(1);
  }

  @Test
  void aFolderThatCannotBeWrittenIsSaidSo() throws IOException {
    model();
    Path file = Files.writeString(folder.resolve("file"), "x");
    assertThatThrownBy(() -> download().fetch(REPOSITORY, file.resolve("below")))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("The file cannot be written");
    Files.createDirectories(folder.resolve("model.safetensors/sub"));
    assertThatThrownBy(() -> download().fetch(REPOSITORY, folder))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("The file cannot be written");
  }

  @Test
  void anEmptyFileIsAFile() {
    hub.withFile("model.safetensors", WEIGHTS).withFile("empty.txt", new byte[0]);
    download().fetch(REPOSITORY, folder);
    assertThat(folder.resolve("empty.txt")).isEmptyFile();
  }

  @Test
  void patternsChoose() {
    model().withFile("pytorch_model.bin", WEIGHTS).withFile("sub/a b#.json", CONFIG);
    HubSelection selection = new HubSelection.Matching(List.of("*.bin", "sub/*"));
    download(new HubAccess.Anonymous(), selection).fetch(REPOSITORY, folder);
    assertThat(list(folder)).containsExactly("pytorch_model.bin", "sub");
    assertThat(folder.resolve("sub/a b#.json")).hasBinaryContent(CONFIG);
    HubSelection none = new HubSelection.Matching(List.of("*.xyz"));
    assertThatThrownBy(() -> download(new HubAccess.Anonymous(), none).fetch(REPOSITORY, folder))
        .hasMessageContaining("No file matches *.xyz");
  }

  @Test
  void namesThatNoHubGivesAreRefused() {
    for (String id : List.of("", "a/b/c", "../x", "a b", "a/..", "a?x=1", "http://x")) {
      assertThatThrownBy(() -> HubRepository.of(id))
          .isInstanceOf(HubException.class)
          .hasMessageContaining("A repository is called OWNER/NAME");
    }
    assertThatThrownBy(() -> new HubRepository("a/b", "../x"))
        .hasMessageContaining("A revision is a branch, a tag or a commit");
    assertThatThrownBy(() -> new HubAccess.Token("a\nb"))
        .hasMessageContaining("The access token is empty or has spaces");
    assertThatThrownBy(() ->
            new HubDownload(
                URI.create("ftp://x"),
                new HubAccess.Anonymous(),
                new HubSelection.Usual(),
                patience(Duration.ofSeconds(1)),
                HubProgress.silent()))
        .hasMessageContaining("The endpoint is no http or https address");
    assertThat(new HubRepository("a/b", "refs/pr/1").listingPath())
        .isEqualTo("/api/models/a/b/revision/refs%2Fpr%2F1?blobs=true");
  }

  private static List<String> list(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
