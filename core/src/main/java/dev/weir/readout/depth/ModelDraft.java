package dev.weir.readout.depth;

import dev.weir.model.Transformer;
import dev.weir.model.family.WeirCheckpoint;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/// A model's folder in the making, beside its place and under a hidden name until it is whole:
/// whatever goes wrong, nothing is left behind.
///
/// @param target where it will be
/// @param folder where its files are until then
public record ModelDraft(Path target, Path folder) implements AutoCloseable {
  private static final int MOST_ATTEMPTS = 1000;

  /// Checks that a model would overwrite nothing.
  ///
  /// @param target where it would be
  /// @throws DepthException if something is there
  public static void requireFree(Path target) {
    if (Files.exists(target)) {
      throw DepthException.exists(target);
    }
  }

  /// An empty folder.
  ///
  /// @param target where the model will be
  /// @throws DepthException if something is there, or the folder cannot be made
  public static ModelDraft begin(Path target) {
    requireFree(target);
    Path parent = target.toAbsolutePath().getParent();
    Path beside = parent == null ? target.toAbsolutePath() : parent;
    try {
      return new ModelDraft(target, hidden(beside, String.valueOf(target.getFileName())));
    } catch (IOException e) {
      throw DepthException.unwritable(target, e);
    }
  }

  /// Unlike [Files#createTempDirectory] this leaves the permissions to the user's umask.
  private static Path hidden(Path beside, String name) throws IOException {
    for (int attempt = 0; ; attempt++) {
      try {
        return Files.createDirectory(beside.resolve(".%s.%d.tmp".formatted(name, attempt)));
      } catch (FileAlreadyExistsException e) {
        if (attempt == MOST_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  /// Puts the model in and gives the folder its name.
  ///
  /// @param model which
  /// @throws dev.weir.WeirException if it cannot be written
  public void finish(Transformer model) {
    WeirCheckpoint.write(model, folder);
    try {
      Files.move(folder, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw DepthException.unwritable(target, e);
    }
  }

  /// Removes what was not finished.
  @Override
  public void close() {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.delete(file);
      }
      Files.delete(folder);
    } catch (IOException e) {
      throw DepthException.unwritable(folder, e);
    }
  }
}
