package dev.weir.page.library;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Processes that are killed while they save, and processes that save at once.
class LibraryProcessesTest {
  private static final int KILLS = 8;
  private static final int LONGEST_LIFE_MS = 400;

  @TempDir private Path folder;

  private Process writer(String what, String prefix, int many) throws IOException {
    List<String> command =
        List.of(
            ProcessHandle.current().info().command().orElseThrow(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            LibraryWriter.class.getName(),
            what,
            folder.toString(),
            prefix,
            Integer.toString(many));
    return new ProcessBuilder(command)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .redirectOutput(said(prefix).toFile())
        .start();
  }

  /// What a process said, a file: it may be killed at any time.
  private Path said(String prefix) {
    return folder.resolve(prefix + ".txt");
  }

  @Test
  void aProcessKilledWhileSavingLeavesEveryThingWholeAndAllThatWasAnswered() throws Exception {
    Random random = new Random(5);
    Set<String> answered = new HashSet<>();
    Files.createFile(folder.resolve(LibraryWriter.GO));
    for (int kill = 0; kill < KILLS; kill++) {
      String prefix = "k%d-".formatted(kill);
      Process process = writer("add", prefix, 1_000_000);
      while (process.isAlive() && Files.size(said(prefix)) == 0) {
        Thread.sleep(1);
      }
      Thread.sleep(random.nextInt(LONGEST_LIFE_MS));
      process.destroyForcibly().waitFor();
      answered.addAll(Files.readAllLines(said(prefix)));
      assertIsWhole();
    }
    List<String> kept = names();
    assertThat(kept).containsAll(answered);
    assertThat(kept.size() - answered.size()).isBetween(0, KILLS);
    System.out.printf("killed %d times, %d directions kept%n", KILLS, kept.size());
  }

  private void assertIsWhole() {
    Jdbi file = Jdbi.create("jdbc:sqlite:" + folder.resolve("stream-page.db"));
    List<String> verdict =
        file.withHandle(
            handle -> handle.createQuery("PRAGMA integrity_check").mapTo(String.class).list());
    assertThat(verdict).containsExactly("ok");
    for (DirectionEntry direction : new Library(folder).export().directions()) {
      assertThat(direction.description()).isEqualTo("whole");
      assertThat(direction.numbers())
          .isEqualTo(Numbers.of(LibraryWriter.numbers(direction.name())));
    }
  }

  private List<String> names() {
    return new Library(folder).export().directions().stream().map(DirectionEntry::name).toList();
  }

  @Test
  void twoProcessesThatSaveAtOnceLoseNothing() throws Exception {
    run("add", 25);
    List<String> wanted = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      wanted.addAll(List.of("a" + i, "b" + i));
    }
    assertThat(names()).containsExactlyInAnyOrderElementsOf(wanted);
  }

  @Test
  void twoProcessesThatChangeOneThingLoseNoChange() throws Exception {
    new Library(folder).views().add(Entries.view(LibraryWriter.SHARED, "0"));
    List<String> said = run("count", 25);
    PinnedView view = new Library(folder).views().get(1);
    assertThat(view.note()).isEqualTo("50");
    assertThat(view.revision()).isEqualTo(51);
    System.out.printf("two processes were told of %d conflicts%n", said.size());
  }

  private List<String> run(String what, int many) throws Exception {
    Process first = writer(what, "a", many);
    Process second = writer(what, "b", many);
    Files.createFile(folder.resolve(LibraryWriter.GO));
    assertThat(first.waitFor()).isZero();
    assertThat(second.waitFor()).isZero();
    List<String> all = new ArrayList<>(Files.readAllLines(said("a")));
    all.addAll(Files.readAllLines(said("b")));
    return all;
  }
}
