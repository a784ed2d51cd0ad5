package dev.weir.rules;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// The files of this repository, found from wherever the tests run.
final class RepositoryFiles {
  private static final Set<String> NOT_OURS = Set.of("target", ".git", ".idea", "node_modules");

  private RepositoryFiles() {}

  /// The folder that holds the README and the modules.
  static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("mvnw"))) {
      Path parent = folder.getParent();
      if (parent == null) {
        throw new AssertionError("the tests run outside the repository");
      }
      folder = parent;
    }
    return folder;
  }

  /// What the tests were started with.
  static String classPath() {
    return System.getProperty(
        "surefire.test.class.path", System.getProperty("java.class.path", ""));
  }

  /// Every module's source files, tests left out.
  static List<Path> mainSources() {
    return javaFiles("main");
  }

  /// Every module's test files.
  static List<Path> testSources() {
    return javaFiles("test");
  }

  private static List<Path> javaFiles(String kind) {
    return all().stream()
        .filter(file -> relative(file).matches("[^/]+/src/" + kind + "/java/.*\\.java"))
        .toList();
  }

  /// The documents.
  static List<Path> documents() {
    return all().stream().filter(file -> file.toString().endsWith(".md")).toList();
  }

  /// Every file but what a build makes.
  static List<Path> all() {
    try (Stream<Path> files = Files.walk(root())) {
      return files
          .filter(file -> !isOutside(root().relativize(file)))
          .filter(Files::isRegularFile)
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isOutside(Path relative) {
    for (Path part : relative) {
      if (NOT_OURS.contains(part.toString())) {
        return true;
      }
    }
    return false;
  }

  /// The path from the root, with `/`.
  static String relative(Path file) {
    return root().relativize(file).toString().replace('\\', '/');
  }

  /// The text of a file, if it is UTF-8.
  static Optional<String> text(Path file) {
    try {
      return Optional.of(Files.readString(file));
    } catch (MalformedInputException binary) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
