package dev.weir.study;

import dev.weir.weights.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// That something is worked on here, and nowhere else: a lock on `taken`, which ends with the
/// process however that ends, and beside it who has it, in `worker`, for those who only want to
/// know.
///
/// The operating system knows locks of processes: where one thread has a file, another thread that
/// opens and closes it takes the lock away. So whoever asks reads `worker` first, and threads of a
/// process ask one after the other.
public final class Claim implements AutoCloseable {
  private final Path folder;
  private final FileChannel lock;

  private Claim(Path folder, FileChannel lock) {
    this.folder = folder;
    this.lock = lock;
  }

  /// Claims a folder, if nobody has it.
  ///
  /// @param folder what to work on; it must be there
  /// @throws StudyException if it cannot be written
  static Optional<Claim> take(Path folder) {
    synchronized (Claim.class) {
      RunWorker here = RunWorker.here();
      if (worker(folder).equals(Optional.of(here))) {
        return Optional.empty();
      }
      try {
        return locked(folder).map(lock -> signed(folder, lock, here));
      } catch (IOException e) {
        throw StudyException.unwritable(folder.toString(), e);
      }
    }
  }

  private static Optional<FileChannel> locked(Path folder) throws IOException {
    FileChannel channel =
        FileChannel.open(
            folder.resolve("taken"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() != null) {
        return Optional.of(channel);
      }
    } catch (OverlappingFileLockException _) {
      // Another thread has it.
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    channel.close();
    return Optional.empty();
  }

  private static Claim signed(Path folder, FileChannel lock, RunWorker worker) {
    Claim claim = new Claim(folder, lock);
    try {
      byte[] line = (worker.line() + "\n").getBytes(StandardCharsets.UTF_8);
      AtomicFile.write(folder.resolve("worker"), channel -> channel.write(ByteBuffer.wrap(line)));
      return claim;
    } catch (RuntimeException e) {
      claim.close();
      throw e;
    }
  }

  /// Who was the last to take a folder, if it has not given it back.
  ///
  /// @param folder what is worked on
  static Optional<RunWorker> worker(Path folder) {
    try {
      return RunWorker.parse(Files.readString(folder.resolve("worker")));
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    synchronized (Claim.class) {
      try (lock) {
        Files.deleteIfExists(folder.resolve("worker"));
      } catch (IOException e) {
        throw StudyException.unwritable(folder.toString(), e);
      }
    }
  }
}
