package dev.weir.page.library;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.page.run.PageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The file of the library: made, brought forward, and left alone where it is not as it should be.
class DatabaseTest {
  private static final long ENOUGH = 1L << 30;

  @TempDir private Path folder;
  private Path file = Path.of("none");

  @BeforeEach
  void name() {
    file = folder.resolve("deeper").resolve("x.db");
  }

  private Library library(Schema schema, long most) {
    return new Library(file, schema, most, InstantSource.system());
  }

  private Library library() {
    return library(Schema.current(), ENOUGH);
  }

  private void sql(String... statements) {
    Jdbi.create("jdbc:sqlite:" + file)
        .useHandle(handle -> List.of(statements).forEach(handle::execute));
  }

  private static void assertSays(Library library, String what) {
    assertThatExceptionOfType(PageException.class)
        .isThrownBy(() -> library.directions().find(Search.all()))
        .satisfies(e -> assertThat(e.kind()).isEqualTo(PageException.Kind.UNAVAILABLE))
        .withMessageContaining(what)
        .withMessageNotContaining("\n");
  }

  @Test
  void nothingIsMadeBeforeItIsNeeded() {
    Library library = library();
    assertThat(folder).isEmptyDirectory();
    library.directions().find(Search.all());
    assertThat(file).exists();
  }

  @Test
  void onlyTheUserReadsIt() throws IOException {
    library().directions().add(Entries.direction("mine", "", 1));
    assumeTrue(file.getFileSystem().supportedFileAttributeViews().contains("posix"));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void anOlderFileIsBroughtForwardWithAllThatIsInIt() {
    library().directions().add(Entries.direction("old", "", 1, 2));
    List<String> scripts = new ArrayList<>(Schema.current().scripts());
    scripts.add("ALTER TABLE direction ADD COLUMN colour TEXT NOT NULL DEFAULT 'red';");
    scripts.add("UPDATE direction SET colour = 'blue' WHERE name = 'old';");
    Library newer = library(new Schema(scripts), ENOUGH);
    assertThat(newer.directions().get(1).name()).isEqualTo("old");
    List<String> colours =
        Jdbi.create("jdbc:sqlite:" + file)
            .withHandle(handle ->
                handle.createQuery("SELECT colour FROM direction").mapTo(String.class).list());
    assertThat(colours).containsExactly("blue");
  }

  @Test
  void aFileThatCannotBeBroughtForwardStaysAsItIs() {
    library().directions().add(Entries.direction("old", "", 1, 2));
    List<String> scripts = new ArrayList<>(Schema.current().scripts());
    scripts.add("DELETE FROM direction; INSERT INTO missing VALUES (1);");
    assertThatExceptionOfType(RuntimeException.class)
        .isThrownBy(() -> library(new Schema(scripts), ENOUGH).directions().get(1));
    assertThat(library().directions().get(1).name()).isEqualTo("old");
  }

  @Test
  void aNewerFileIsLeftAlone() throws IOException {
    library().directions().add(Entries.direction("new", "", 1));
    sql("PRAGMA user_version = 7");
    byte[] before = Files.readAllBytes(file);
    assertSays(library(), "written by a newer Weir: schema 7, this one knows 1");
    assertThat(file).hasBinaryContent(before);
  }

  @Test
  void anotherProgramsDatabaseIsLeftAlone() throws IOException {
    Files.createDirectories(file.getParent());
    sql("CREATE TABLE other (x)", "INSERT INTO other VALUES (1)");
    assertSays(library(), "not a library of Weir");
    sql("INSERT INTO other VALUES (2)");
  }

  @Test
  void aFileThatIsNoDatabaseIsLeftAlone() throws IOException {
    Files.createDirectories(file.getParent());
    byte[] noise = new byte[10_000];
    new Random(1).nextBytes(noise);
    Files.write(file, noise);
    assertSays(library(), "damaged");
    assertThat(file).hasBinaryContent(noise);
  }

  @Test
  void aDamagedFileIsReportedAndLeftAlone() throws IOException {
    Library whole = library();
    for (int i = 0; i < 40; i++) {
      whole.directions().add(Entries.direction("d" + i, "", new double[256]));
    }
    byte[] bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, bytes.length / 2, bytes.length / 2 + 8_192, (byte) 0xA5);
    Files.write(file, bytes);
    Library library = library();
    assertSays(library, "damaged");
    assertThatExceptionOfType(PageException.class)
        .isThrownBy(() -> library.directions().add(Entries.direction("more", "", 1)))
        .withMessageContaining("nothing was changed");
    assertThat(file).hasBinaryContent(bytes);
  }

  @Test
  void aTruncatedFileIsReportedAndLeftAlone() throws IOException {
    Library whole = library();
    for (int i = 0; i < 40; i++) {
      whole.directions().add(Entries.direction("d" + i, "", new double[256]));
    }
    byte[] bytes = Files.readAllBytes(file);
    byte[] half = Arrays.copyOf(bytes, bytes.length / 2);
    Files.write(file, half);
    assertSays(library(), "damaged");
    assertThat(file).hasBinaryContent(half);
  }

  @Test
  void aFullLibrarySaysSoAndKeepsWhatItHas() {
    Library small = library(Schema.current(), 1L << 17);
    assertThatExceptionOfType(PageException.class)
        .isThrownBy(() -> {
          for (int i = 0; i < 100; i++) {
            small.directions().add(Entries.direction("d" + i, "", new double[1_000]));
          }
        })
        .withMessageContaining("no room");
    int kept = small.directions().find(Search.all()).total();
    assertThat(kept).isBetween(5, 20);
    small.directions().delete(1, 1);
    assertThat(library().directions().find(Search.all()).total()).isEqualTo(kept - 1);
  }

  @Test
  void aFolderThatCannotBeMadeIsSaid() throws IOException {
    Files.writeString(folder.resolve("deeper"), "a file");
    assertSays(library(), "cannot be opened or written");
  }

  @Test
  void aFolderThatCannotBeWrittenIsSaid() throws IOException {
    Path closed = Files.createDirectory(folder.resolve("deeper"));
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("r-x------"));
    assumeTrue(!Files.isWritable(closed), "root may write anywhere");
    assertSays(library(), "cannot be opened or written");
  }

  @Test
  void aFileThatWasMovedAwayIsBegunAnew() throws IOException {
    Library library = library();
    library.directions().add(Entries.direction("gone", "", 1));
    Files.move(file, folder.resolve("away.db"));
    assertThat(library.directions().find(Search.all()).total()).isZero();
    assertThat(library.directions().add(Entries.direction("next", "", 1)).name()).isEqualTo("next");
  }
}
