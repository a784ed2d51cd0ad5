package dev.weir.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Processes that add up their numbers.
@Timeout(240)
class CollectiveTest {
  @TempDir private Path folder;

  @Test
  void twoProcessesFindTheMeanThatOneProcessFinds() throws Exception {
    Path meeting = folder.resolve("meeting");
    Process first = member(meeting, 0, "120", "mean");
    Process second = member(meeting, 1, "120", "mean");
    List<String> found = lines(first);
    assertThat(lines(second)).isEqualTo(found);
    try (Scope _ = Scope.open()) {
      List<String> expected = new ArrayList<>();
      List<Tensor> ours = CollectiveMember.gradients(0);
      List<Tensor> theirs = CollectiveMember.gradients(1);
      for (int i = 0; i < ours.size(); i++) {
        Tensor mean = ours.get(i).plus(theirs.get(i)).times(0.5);
        expected.add(Arrays.toString(mean.toDoubles()));
      }
      expected.add(Arrays.toString(theirs.getFirst().toDoubles()));
      // Two numbers have one sum, and a half is exact: bit for bit.
      assertThat(found).isEqualTo(expected);
    }
  }

  @Test
  void aMemberThatDiesIsAnErrorForTheOthers() throws Exception {
    Path meeting = folder.resolve("meeting");
    Process first = member(meeting, 0, "20", "wait");
    Process second = member(meeting, 1, "20", "die");
    assertThat(lines(first)).singleElement().asString().contains("Member 0 of 2 lost another one");
    assertThat(second.waitFor()).isEqualTo(7);
  }

  @Test
  void aMemberThatNeverComesIsAnError() throws Exception {
    Process first = member(folder.resolve("meeting"), 0, "3", "wait");
    assertThat(lines(first))
        .singleElement()
        .asString()
        .contains("Member 0 did not meet all 2 members within 3 s");
  }

  @Test
  void aWorldOfOneChangesNothing() {
    try (Scope _ = Scope.open();
        Collective alone = Collective.alone()) {
      List<Tensor> gradients = CollectiveMember.gradients(3);
      assertThat(alone.meanOf(gradients)).isEqualTo(gradients);
      alone.broadcast(gradients, 0);
      assertThat(alone.worldSize()).isEqualTo(1);
    }
  }

  @Test
  void aRankOutsideTheWorldIsRefused() {
    assertThatExceptionOfType(TensorException.class)
        .isThrownBy(() -> Collective.join(folder.resolve("meeting"), 2, 2, Duration.ofSeconds(1)))
        .withMessageContaining("There is no member 2 of a group of 2");
  }

  private static Process member(Path meeting, int rank, String patience, String task)
      throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "-Dorg.bytedeco.javacpp.nopointergc=true",
            "-cp",
            System.getProperty("java.class.path"),
            CollectiveMember.class.getName(),
            meeting.toString(),
            "" + rank,
            "2",
            patience,
            task)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static List<String> lines(Process process) throws Exception {
    List<String> lines = process.inputReader().lines().toList();
    int _ = process.waitFor();
    return lines;
  }
}
