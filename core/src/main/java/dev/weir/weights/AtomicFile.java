package dev.weir.weights;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// Writes a file whole or not at all: into a temporary file beside it, flushed to the disk, then
/// renamed. Whoever opens the name sees the old content or the new one, never a part.
public final class AtomicFile {
  private static final int MOST_ATTEMPTS = 1000;

  private AtomicFile() {}

  /// What goes into the file.
  @FunctionalInterface
  public interface Content {
    /// Writes all of it.
    ///
    /// @param channel where to
    /// @throws IOException if it cannot be written
    void writeTo(WritableByteChannel channel) throws IOException;
  }

  /// Writes a file; one that is there is replaced. If anything fails, nothing is left behind.
  ///
  /// @param file where to; its folder must exist
  /// @param content what to write
  /// @throws WeightException if it cannot be written
  public static void write(Path file, Content content) {
    if (Files.isDirectory(file)) {
      throw WeightException.directoryInsteadOfFile(file);
    }
    try {
      Path folder = folderOf(file);
      Path temporary = createTemporary(folder, file.getFileName().toString());
      try {
        fill(temporary, content);
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(temporary);
      }
      flushFolder(folder);
    } catch (IOException e) {
      throw WeightException.cannotWrite(file, e);
    }
  }

  private static Path folderOf(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    return folder == null ? file.toAbsolutePath().getRoot() : folder;
  }

  /// Unlike [Files#createTempFile] this leaves the permissions to the user's umask.
  private static Path createTemporary(Path folder, String name) throws IOException {
    for (int attempt = 0; ; attempt++) {
      Path candidate = folder.resolve(".%s.%d.tmp".formatted(name, attempt));
      try {
        return Files.createFile(candidate);
      } catch (FileAlreadyExistsException e) {
        if (attempt == MOST_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private static void fill(Path temporary, Content content) throws IOException {
    try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
      content.writeTo(channel);
      channel.force(true);
    }
  }

  /// Makes the rename itself last. Some systems cannot open a folder; there the rename is as good
  /// as it gets.
  private static void flushFolder(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException _) {
      return;
    }
  }
}
