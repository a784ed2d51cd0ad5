package dev.weir.page;

import dev.weir.page.library.OwnersAlone;
import dev.weir.page.run.PageException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/// What a request must bring to do more than look. It stays the same from one start to the next, so
/// that links do; only its owner can read it.
public final class AccessToken {
  private static final int BYTES = 16;
  private static final Pattern TOKEN = Pattern.compile("[0-9a-f]{%d}".formatted(2 * BYTES));

  private AccessToken() {}

  /// The token of a folder, made if there is none.
  ///
  /// @param folder the folder for the user's own things, made if there is none
  /// @param luck where a new token comes from; nobody must be able to guess it
  /// @throws PageException if the folder cannot be read and written
  public static String in(Path folder, RandomGenerator luck) {
    Path file = folder.resolve("token");
    try {
      OwnersAlone.folder(folder);
      Optional<String> found = read(file);
      if (found.isEmpty()) {
        Files.deleteIfExists(file);
      }
      return found.isPresent() ? found.get() : make(folder, file, luck);
    } catch (IOException _) {
      throw new PageException(
          PageException.Kind.BAD_REQUEST,
          "The token cannot be read or written",
          file.toString(),
          "choose a folder of your own with --data");
    }
  }

  private static Optional<String> read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    OwnersAlone.close(file);
    return Optional.of(Files.readString(file, StandardCharsets.US_ASCII).strip())
        .filter(token -> TOKEN.matcher(token).matches());
  }

  /// Whole or not at all, and whoever comes second takes the first one's.
  private static String make(Path folder, Path file, RandomGenerator luck) throws IOException {
    byte[] bytes = new byte[BYTES];
    luck.nextBytes(bytes);
    String token = HexFormat.of().formatHex(bytes);
    Path whole = OwnersAlone.file(folder, "token");
    try {
      Files.writeString(whole, token + "\n", StandardCharsets.US_ASCII);
      Files.move(whole, file);
      return token;
    } catch (FileAlreadyExistsException e) {
      return read(file).orElseThrow(() -> e);
    } finally {
      Files.deleteIfExists(whole);
    }
  }
}
