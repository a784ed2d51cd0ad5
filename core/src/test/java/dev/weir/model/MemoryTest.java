package dev.weir.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Native memory is freed by scopes and owners, not by luck. A process of its own opens a model,
/// runs it, lets it write and closes it, 200 times, and says how much resident memory it gained
/// after a warm-up.
class MemoryTest {

  /// What a JVM gains by itself over that time (compiled code, classes, its allocators' arenas) is
  /// under 1 MiB; one run a round outside any scope gains 16.
  private static final double TOLERANCE_MIB = 4;

  @BeforeEach
  void needsLinux() {
    Assumptions.assumeTrue(
        Files.exists(Path.of("/proc/self/status")),
        "Skipped: resident memory is read from /proc/self/status, which only Linux has");
  }

  @Test
  void twoHundredModelsLeaveResidentMemoryFlat() throws IOException, InterruptedException {
    assertThat(gained("closing")).isLessThan(TOLERANCE_MIB);
  }

  @Test
  void theMeasurementSeesARunWithoutAScope() throws IOException, InterruptedException {
    assertThat(gained("leaking")).isGreaterThan(2 * TOLERANCE_MIB);
  }

  /// Mebibytes of resident memory gained between the warm-up and the end.
  private static double gained(String mode) throws IOException, InterruptedException {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-Dorg.bytedeco.javacpp.nopointergc=true",
            // A heap that is resident from the start cannot grow.
            "-Xms64m",
            "-Xmx64m",
            "-XX:+AlwaysPreTouch",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            MemoryRounds.class.getName(),
            mode);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertThat(process.waitFor()).as(output).isZero();
    return Double.parseDouble(output.lines().toList().getLast());
  }
}
