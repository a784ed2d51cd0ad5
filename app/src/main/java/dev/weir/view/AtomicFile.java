package dev.weir.view;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;

/// Writes a file whole or not at all: beside its place first, then to the disk, then into place.
/// Whatever goes wrong, no part of it stays and an older file of that name is untouched.
final class AtomicFile {

  /// What is to be written, into a stream.
  interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  /// What is to be written, by something that wants a file of its own.
  interface Filling {
    void fill(Path emptyPlace) throws IOException;
  }

  private AtomicFile() {}

  /// Writes `target` from a stream.
  ///
  /// @throws ViewException if the place cannot be written to
  static void write(Path target, Content content) {
    fill(
        target,
        place -> {
          try (FileChannel channel = FileChannel.open(place, CREATE_NEW, WRITE);
              OutputStream out =
                  new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16)) {
            content.writeTo(out);
          }
        });
  }

  /// Writes `target` by whatever fills an empty place beside it. Libraries wrap an `IOException`,
  /// each in its own unchecked one; what lies beneath is what the user needs to read.
  ///
  /// @throws ViewException if the place cannot be written to
  static void fill(Path target, Filling filling) {
    requirePlace(target);
    try {
      fillAndMove(Files.exists(target) ? target.toRealPath() : target.toAbsolutePath(), filling);
    } catch (IOException e) {
      throw ViewException.cannotWrite(target, e);
    } catch (ViewException e) {
      throw e;
    } catch (RuntimeException e) {
      throw e.getCause() instanceof IOException cause
          ? ViewException.cannotWrite(target, cause)
          : e;
    }
  }

  private static void requirePlace(Path target) {
    Path parent = target.toAbsolutePath().getParent();
    if (parent == null || (Files.exists(target) && !Files.isRegularFile(target))) {
      throw ViewException.notAFile(target);
    }
    if (!Files.isDirectory(parent)) {
      throw ViewException.noParent(target);
    }
  }

  private static void fillAndMove(Path target, Filling filling) throws IOException {
    Path place = target.resolveSibling(".weir-%s.part".formatted(UUID.randomUUID()));
    try {
      filling.fill(place);
      try (FileChannel written = FileChannel.open(place, WRITE)) {
        written.force(true);
      }
      Files.move(place, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(place);
    }
  }
}
