package dev.weir.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What a process occupies, as Linux counts it.
///
/// @param peakMb the most it ever held in memory, mapped files included, in MB
/// @param anonymousMb what it holds now that belongs to no file, in MB
record ProcessMemory(double peakMb, double anonymousMb) {

  /// That of this process.
  static ProcessMemory own() {
    return new ProcessMemory(megabytes("VmHWM:"), megabytes("RssAnon:"));
  }

  /// Read back from [#toString].
  static ProcessMemory parse(String text) {
    String[] words = text.trim().split(" ");
    return new ProcessMemory(Double.parseDouble(words[0]), Double.parseDouble(words[1]));
  }

  private static double megabytes(String field) {
    try (var lines = Files.lines(Path.of("/proc/self/status"))) {
      return lines
              .filter(line -> line.startsWith(field))
              .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
              .sum()
          * 1024
          / 1e6;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    return peakMb + " " + anonymousMb;
  }
}
