package dev.weir.view;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void nameTheFile() {
    file = folder.resolve("result.csv");
  }

  @Test
  void leavesNothingWhenTheDiskFillsMidway() throws IOException {
    assertThatThrownBy(() ->
            AtomicFile.write(
                file,
                out -> {
                  out.write(new byte[1 << 20]);
                  throw new FileSystemException("x", null, "No space left on device");
                }))
        .isInstanceOf(ViewException.class)
        .hasMessageContaining("No space left on device")
        .hasMessageContaining(file.toString());

    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void findsTheReasonBeneathWhatALibraryThrows() {
    assertThatThrownBy(() ->
            AtomicFile.write(
                file,
                _ -> {
                  throw new IllegalStateException(new IOException("Stale file handle"));
                }))
        .isInstanceOf(ViewException.class)
        .hasMessageStartingWith("Writing failed: Stale file handle. Where: " + file);
  }

  @Test
  void saysThatThePlaceIsNotOpen() {
    assertThat(ViewException.cannotWrite(file, new AccessDeniedException(file.toString())))
        .hasMessage(
            "The place to write to is not open to you. Where: %s. To fix: choose another folder or change its permissions."
                .formatted(file));
  }

  @Test
  void keepsTheOlderFileWhenTheWriterFails() throws IOException {
    Files.writeString(file, "older");

    assertThatThrownBy(() ->
            AtomicFile.write(
                file,
                out -> {
                  out.write(1);
                  throw new IllegalStateException("a bug");
                }))
        .hasMessage("a bug");

    assertThat(file).hasContent("older");
    assertThat(folder).isDirectoryNotContaining("glob:**.part");
  }

  @Test
  void replacesTheOlderFileWhenAllIsWell() {
    AtomicFile.write(file, out -> out.write("one".getBytes(UTF_8)));
    AtomicFile.write(file, out -> out.write("two".getBytes(UTF_8)));

    assertThat(file).hasContent("two");
    assertThat(folder).isDirectoryNotContaining("glob:**.part");
  }

  @Test
  void writesThroughALinkInsteadOfReplacingIt() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link.csv"), file);
    Files.writeString(file, "older");

    AtomicFile.write(link, out -> out.write("new".getBytes(UTF_8)));

    assertThat(link).isSymbolicLink();
    assertThat(file).hasContent("new");
  }

  @Test
  void saysThatTheFolderIsMissing() {
    Path lost = folder.resolve("no/such/folder/result.csv");

    assertThatThrownBy(() -> AtomicFile.write(lost, _ -> {}))
        .isInstanceOf(ViewException.class)
        .hasMessageStartingWith("The folder to write into does not exist. Where: " + lost);
  }

  @Test
  void neverReplacesAFolderOrADevice() {
    assertThatThrownBy(() -> AtomicFile.write(folder, _ -> {}))
        .hasMessageStartingWith("Something other than a file stands where the result should go");
    assertThatThrownBy(() -> AtomicFile.write(Path.of("/dev/null"), _ -> {}))
        .hasMessageContaining("/dev/null");
    assertThat(Files.isRegularFile(Path.of("/dev/null"))).isFalse();
  }
}
