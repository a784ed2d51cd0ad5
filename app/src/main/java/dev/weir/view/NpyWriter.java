package dev.weir.view;

import java.nio.file.Path;

/// Writes one array as an `.npy` file (NumPy enhancement proposal 1, version 1.0).
public final class NpyWriter {

  private NpyWriter() {}

  /// Writes an array.
  ///
  /// @param array what to write
  /// @param file where to; replaced if it exists
  /// @throws ViewException if the file cannot be written; nothing is left behind then
  public static void write(NpyArray array, Path file) {
    AtomicFile.write(file, array::writeTo);
  }
}
