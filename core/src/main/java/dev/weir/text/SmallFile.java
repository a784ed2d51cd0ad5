package dev.weir.text;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// Reads tokenizer files whole, within a limit.
final class SmallFile {
  /// Eight times the largest published tokenizer.
  static final long MAX_BYTES = 256L << 20;

  private SmallFile() {}

  /// A file's bytes.
  ///
  /// @throws TextException if it is a folder, missing, unreadable or too large
  static byte[] bytes(Path file) {
    if (Files.isDirectory(file)) {
      throw TextException.folderForFile(file);
    }
    try {
      long size = Files.size(file);
      if (size > MAX_BYTES) {
        throw TextException.tooLarge(file.toString(), size, MAX_BYTES);
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw TextException.unreadable(file.toString(), e.getClass().getSimpleName(), e);
    }
  }

  /// A file's text.
  ///
  /// @throws TextException if it is no valid UTF-8 either
  static String text(Path file) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes(file))).toString();
    } catch (CharacterCodingException e) {
      throw TextException.notUtf8(file.toString());
    }
  }
}
