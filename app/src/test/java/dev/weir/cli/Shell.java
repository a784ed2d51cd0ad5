package dev.weir.cli;

import dev.weir.view.Progress;
import dev.weir.view.Style;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Assumptions;

/// Runs the command in this process, as a user would in a shell.
public record Shell(Path home, Map<String, String> environment) {

  /// What came of a command.
  public record Result(int code, String out, String err) {}

  public static Shell here() {
    return new Shell(root(), Map.of());
  }

  public Result run(String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Terminal terminal =
        new Terminal(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            Style.PLAIN,
            100,
            Progress.Place.LOG,
            environment,
            home);
    int code = Main.commandLine(terminal).execute(args);
    terminal.out().flush();
    terminal.err().flush();
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /// The folder of the whole project.
  public static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("weir"))) {
      folder = Objects.requireNonNull(folder.getParent());
    }
    return folder;
  }

  static String golden(String name) {
    return root().resolve("core/src/test/resources/golden").resolve(name).toString();
  }

  /// A file beside the project; skips the test with a sentence where it is absent.
  static String shared(String name) {
    Path found = root().resolveSibling("shared").resolve("data").resolve(name);
    Assumptions.assumeTrue(
        Files.exists(found),
        () -> "Skipped: ../shared/data/%s is not on this machine".formatted(name));
    return found.toString();
  }
}
