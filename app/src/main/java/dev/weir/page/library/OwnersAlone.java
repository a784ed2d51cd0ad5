package dev.weir.page.library;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/// Files and folders that nobody but their owner may read, where the file system knows of owners.
public final class OwnersAlone {
  private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");
  private static final Set<PosixFilePermission> FOLDER =
      PosixFilePermissions.fromString("rwx------");

  private OwnersAlone() {}

  /// Makes a folder and those above it, if they are not there.
  ///
  /// @param folder which
  /// @throws IOException if it cannot be made
  public static void folder(Path folder) throws IOException {
    Files.createDirectories(folder, attributes(folder, FOLDER));
  }

  /// Makes an empty file.
  ///
  /// @param file which
  /// @throws java.nio.file.FileAlreadyExistsException if it is there
  /// @throws IOException if it cannot be made
  public static void file(Path file) throws IOException {
    Files.createFile(file, attributes(file, FILE));
  }

  /// Makes an empty file whose name nobody else has.
  ///
  /// @param folder where
  /// @param start how its name begins
  /// @throws IOException if it cannot be made
  public static Path file(Path folder, String start) throws IOException {
    return Files.createTempFile(folder, start, "", attributes(folder, FILE));
  }

  /// Takes a file that is there away from all others.
  ///
  /// @param file which
  /// @throws IOException if that cannot be done
  public static void close(Path file) throws IOException {
    if (knowsOwners(file)) {
      Files.setPosixFilePermissions(file, FILE);
    }
  }

  private static FileAttribute<?>[] attributes(Path path, Set<PosixFilePermission> permissions) {
    return knowsOwners(path)
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)}
        : new FileAttribute<?>[0];
  }

  private static boolean knowsOwners(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix");
  }
}
