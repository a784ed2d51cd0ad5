package dev.weir.weights;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/// A file mapped read-only.
///
/// @param path the file
/// @param bytes all of it
record MappedFile(Path path, MemorySegment bytes) {

  /// Maps a file that is there, is a file and is not empty.
  static MappedFile map(Path path, Arena arena) {
    requireFile(path);
    try (FileChannel channel = FileChannel.open(path)) {
      if (channel.size() == 0) {
        throw WeightException.emptyFile(path);
      }
      return new MappedFile(
          path, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
    } catch (IOException e) {
      throw WeightException.cannotRead(path, e);
    }
  }

  static void requireFile(Path path) {
    if (Files.isDirectory(path)) {
      throw WeightException.directoryInsteadOfFile(path);
    }
    if (!Files.exists(path)) {
      throw WeightException.noSuchFile(path);
    }
    if (!Files.isRegularFile(path)) {
      throw WeightException.notAFile(path);
    }
  }

  /// Files mapped into one arena, which lives until this is closed.
  static final class Group implements AutoCloseable {
    private final Arena arena;

    // The arena is closed by close(); the checker only knows try-with-resources.
    @SuppressWarnings("MustBeClosedChecker")
    private Group() {
      this.arena = Arena.ofShared();
    }

    /// What `open` makes of a new group; the group is closed again if it fails.
    static <S> S opening(Function<Group, S> open) {
      Group group = new Group();
      try {
        return open.apply(group);
      } catch (Throwable e) {
        group.close();
        throw e;
      }
    }

    MappedFile map(Path path) {
      return MappedFile.map(path, arena);
    }

    @Override
    public void close() {
      if (arena.scope().isAlive()) {
        arena.close();
      }
    }
  }
}
