package dev.weir.view;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.HashSet;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/// Writes named arrays into one `.npz` file, as `numpy.savez` does: a zip of `.npy` files, stored
/// as they are; larger than 4 GB through zip64. Same arrays, same bytes: entries carry a fixed
/// date.
///
/// ```java
/// NpzWriter.write(file, npz -> npz.add("blocks.3.hook_resid_mid", NpyArray.of(resid, 7, 512)));
/// ```
public final class NpzWriter {
  private static final LocalDateTime NO_DATE = LocalDateTime.of(1980, 1, 1, 0, 0);

  /// Adds the arrays, one after the other.
  public interface Arrays {
    /// Calls [NpzWriter#add] for each array.
    ///
    /// @param npz what takes them
    void addTo(NpzWriter npz);
  }

  private final Path file;
  private final ZipOutputStream zip;
  private final Set<String> names = new HashSet<>();

  private NpzWriter(Path file, ZipOutputStream zip) {
    this.file = file;
    this.zip = zip;
  }

  /// Writes arrays as they come; none is held after it was added.
  ///
  /// @param file where to; replaced if it exists
  /// @param arrays what adds them
  /// @throws ViewException if the file cannot be written; nothing is left behind then
  public static void write(Path file, Arrays arrays) {
    AtomicFile.write(
        file,
        out -> {
          ZipOutputStream zip = new ZipOutputStream(out);
          arrays.addTo(new NpzWriter(file, zip));
          zip.finish();
        });
  }

  /// Adds an array.
  ///
  /// @param name what `numpy.load(file)[name]` will ask for
  /// @param array the numbers
  /// @throws ViewException if the name was there already
  public void add(String name, NpyArray array) {
    if (!names.add(name)) {
      throw ViewException.repeatedArray(name, file);
    }
    try {
      zip.putNextEntry(entry(name, array));
      array.writeTo(zip);
      zip.closeEntry();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A stored entry says its size and checksum before its bytes, so the numbers are read twice.
  private static ZipEntry entry(String name, NpyArray array) throws IOException {
    CRC32 checksum = new CRC32();
    array.writeTo(new CheckedOutputStream(OutputStream.nullOutputStream(), checksum));
    ZipEntry entry = new ZipEntry(name + ".npy");
    entry.setMethod(ZipEntry.STORED);
    entry.setTimeLocal(NO_DATE);
    entry.setSize(array.fileBytes());
    entry.setCrc(checksum.getValue());
    return entry;
  }
}
