package dev.weir.study;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Where and how a study was begun: what someone needs who wants to repeat it.
///
/// @param command what was typed
/// @param weir the version of Weir
/// @param commit the commit of Weir's checkout, with `, changed` behind it if files in it were;
///   empty if there is no checkout
/// @param processor what the system calls it
/// @param processors how many the process may use
/// @param memory bytes that the machine has
/// @param system name, version and architecture
/// @param jdk vendor and version of Java
/// @param begun when, UTC
public record Machine(
    String command,
    String weir,
    String commit,
    String processor,
    int processors,
    long memory,
    String system,
    String jdk,
    String begun) {
  private static final int SECONDS_FOR_GIT = 5;

  /// This machine, now.
  ///
  /// @param command what was typed
  /// @param weir the version of Weir
  /// @param home the folder that Weir lives in
  public static Machine here(String command, String weir, Path home) {
    return new Machine(
        command,
        weir,
        commitOf(home),
        processorName(),
        Runtime.getRuntime().availableProcessors(),
        memoryBytes(),
        "%s %s, %s"
            .formatted(
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                System.getProperty("os.arch")),
        "%s %s".formatted(System.getProperty("java.vendor"), Runtime.version()),
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
  }

  private static long memoryBytes() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : 0;
  }

  /// As Linux tells it; elsewhere the architecture says what is known.
  private static String processorName() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElseGet(() -> System.getProperty("os.arch"));
    } catch (IOException e) {
      return System.getProperty("os.arch");
    }
  }

  private static String commitOf(Path home) {
    String commit = git(home, "rev-parse", "HEAD");
    boolean isChanged =
        !commit.isEmpty() && !git(home, "status", "--porcelain", "--untracked-files=no").isEmpty();
    return commit + (isChanged ? ", changed" : "");
  }

  /// What git says of this very folder, not of one around it; empty where there is no git or no
  /// checkout.
  private static String git(Path home, String... words) {
    try {
      Process git =
          new ProcessBuilder(
                  Stream.concat(
                          Stream.of("git", "-C", home.toString(), "--git-dir=.git"),
                          Stream.of(words))
                      .toList())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String said = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return git.waitFor(SECONDS_FOR_GIT, TimeUnit.SECONDS) && git.exitValue() == 0 ? said : "";
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }
}
