package dev.weir.cli;

import dev.weir.study.JavaChild;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// A process that runs a command of Weir beside this one: the same Java, flags and class path. What
/// it reads from ends when this process ends, however that ends; a command that calls
/// [#whenParentEnds] notices.
final class Child {
  private static final int SIGNALLED = 128;
  private static final int SIGINT = 2;
  private static final int SIGTERM = 15;

  private final Process process;
  private final Path said;

  private Child(Process process, Path said) {
    this.process = process;
    this.said = said;
  }

  /// Starts one.
  ///
  /// @param said where its remarks go
  /// @param flags what its Java gets besides this one's flags
  /// @param command the command and its arguments
  static Child start(Path said, List<String> flags, List<String> command) throws IOException {
    ProcessBuilder builder =
        JavaChild.of(flags, Main.class, command)
            .redirectErrorStream(true)
            .redirectOutput(said.toFile());
    return new Child(builder.start(), said);
  }

  /// In a child: does something when the parent ends. Nothing is ever written there.
  ///
  /// @param then what to do
  static void whenParentEnds(Runnable then) {
    InputStream input = System.in;
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          try {
            while (input.read() >= 0) {}
          } catch (IOException _) {
            // As good as an end.
          }
          then.run();
        });
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /// What it exited with; only for one that has ended.
  int exitCode() {
    return process.exitValue();
  }

  /// Whether it ended as after Ctrl-C.
  boolean wasInterrupted() {
    return exitCode() == SIGNALLED + SIGINT || exitCode() == SIGNALLED + SIGTERM;
  }

  /// Why it ended.
  String reason() {
    return exitCode() > SIGNALLED
        ? "killed by signal %d".formatted(exitCode() - SIGNALLED)
        : lastWords().orElse("exit code %d".formatted(exitCode()));
  }

  private Optional<String> lastWords() {
    try {
      return Files.readString(said)
          .lines()
          .filter(line -> !line.isBlank())
          .reduce((_, later) -> later)
          .map(line -> line.replaceFirst("^weir: ", ""));
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  /// Lets it know that it shall end.
  void dismiss() {
    try {
      process.getOutputStream().close();
    } catch (IOException _) {
      // It has ended.
    }
  }

  /// Waits for it to end, for a while, and ends it then.
  ///
  /// @param patience for how long
  void end(Duration patience) {
    dismiss();
    try {
      if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        int _ = process.waitFor();
      }
    } catch (InterruptedException _) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
