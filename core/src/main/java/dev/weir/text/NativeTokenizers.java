package dev.weir.text;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Properties;

/// Unpacks and loads Hugging Face's tokenizer library, once, when it is first needed.
///
/// The library's own loader is not used: it may download, wants a logging framework, and takes a
/// tenth of a second. The file is kept under `~/.cache/weir` for the next run; where that cannot be
/// written, in a temporary folder.
final class NativeTokenizers {
  private static final String RESOURCES = "native/lib/";

  private NativeTokenizers() {}

  /// The loaded library.
  ///
  /// @throws TextException if there is none for this machine, or it cannot be unpacked
  static TokenizersLibrary library() {
    return switch (Holder.LOADED) {
      case Loaded.Ready ready -> ready.library();
      case Loaded.Failed failed -> throw TextException.noNativeLibrary(platform(), failed.why());
    };
  }

  private sealed interface Loaded {
    record Ready(TokenizersLibrary library) implements Loaded {}

    record Failed(String why) implements Loaded {}
  }

  /// Loading happens when this class is first touched.
  private static final class Holder {
    static final Loaded LOADED = load();
  }

  @SuppressWarnings("restricted") // loading a library is what this class is for
  private static Loaded load() {
    try {
      for (String file : files()) {
        System.load(unpacked(file).toString());
      }
      return new Loaded.Ready(TokenizersLibrary.LIB);
    } catch (IOException | UnsatisfiedLinkError | IllegalCallerException e) {
      return new Loaded.Failed(String.valueOf(e.getMessage()));
    }
  }

  /// The files of this platform, those that others need first.
  private static List<String> files() {
    String main = System.mapLibraryName("tokenizers");
    return platform().startsWith("win")
        ? List.of("libwinpthread-1.dll", "libgcc_s_seh-1.dll", "libstdc++-6.dll", main)
        : List.of(main);
  }

  private static String platform() {
    String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    String system = os.startsWith("windows") ? "win" : os.startsWith("mac") ? "osx" : "linux";
    return system + "-" + (arch.equals("amd64") ? "x86_64" : arch);
  }

  private static Path unpacked(String file) throws IOException {
    String resource = RESOURCES + platform() + "/cpu/" + file;
    URL url = TokenizersLibrary.class.getClassLoader().getResource(resource);
    if (url == null) {
      throw new IOException("the library has no " + resource);
    }
    URLConnection connection = url.openConnection();
    connection.setUseCaches(false);
    try (InputStream packed = connection.getInputStream()) {
      long length = connection.getContentLengthLong();
      Path cache = cache();
      Path kept = cache.resolve(file);
      if (Files.isRegularFile(kept) && Files.size(kept) == length) {
        return kept;
      }
      return unpack(packed, cache, file);
    }
  }

  private static Path unpack(InputStream packed, Path cache, String file) throws IOException {
    boolean keeps = isWritable(cache);
    Path folder = keeps ? cache : Files.createTempDirectory("weir-tokenizers");
    Path part = Files.createTempFile(folder, "unpack", ".part");
    try {
      Files.copy(packed, part, StandardCopyOption.REPLACE_EXISTING);
      Path target = moved(part, folder.resolve(file));
      if (!keeps) {
        folder.toFile().deleteOnExit();
        target.toFile().deleteOnExit();
      }
      return target;
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static boolean isWritable(Path folder) {
    try {
      return Files.isWritable(Files.createDirectories(folder));
    } catch (IOException cannotBeMade) {
      return false;
    }
  }

  private static Path moved(Path part, Path target) throws IOException {
    try {
      return Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      return Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static Path cache() throws IOException {
    return Path.of(System.getProperty("user.home", ""), ".cache", "weir")
        .resolve("tokenizers-" + version() + "-" + platform())
        .toAbsolutePath();
  }

  private static String version() throws IOException {
    Properties properties = new Properties();
    try (InputStream in =
        TokenizersLibrary.class
            .getClassLoader()
            .getResourceAsStream(RESOURCES + "tokenizers.properties")) {
      if (in == null) {
        throw new IOException("the library has no tokenizers.properties");
      }
      properties.load(in);
    }
    return properties.getProperty("version", "unknown");
  }
}
