package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingLogTest {
  private static final TrainingStep PLAIN =
      new TrainingStep(1, 2048, 7.25, Map.of(), Optional.empty(), 2e-5, 1.5, 1800, 0, Map.of());
  private static final TrainingStep WITH_VALIDATION =
      new TrainingStep(
          2, 4096, 6.5, Map.of(), Optional.of(new Look(6.75, 0.5)), 4e-5, 1.25, 1900, 0, Map.of());
  private static final TrainingStep WITH_EVERYTHING =
      new TrainingStep(
          3,
          6144,
          1 / 3.0,
          Map.of("direction at hook_embed", 0.125),
          Optional.of(new Look(2 / 3.0, 0.5)),
          4e-5,
          1 / 7.0,
          1900,
          1.5e12,
          Map.of("blocks.0.hook_attn_out", new StepStatistics.Summary(0.1, 1.5, -3, 3)));

  @TempDir Path folder;

  @Test
  void readsWhatItWrote() {
    Path log = folder.resolve("log.jsonl");
    TrainingLog.append(log, PLAIN);
    TrainingLog.append(log, WITH_VALIDATION);
    TrainingLog.append(log, WITH_EVERYTHING);
    assertThat(TrainingLog.read(log)).containsExactly(PLAIN, WITH_VALIDATION, WITH_EVERYTHING);
  }

  @Test
  void writesOneObjectALine() {
    assertThat(TrainingLog.line(WITH_VALIDATION))
        .isEqualTo(
            "{\"step\":2,\"tokens\":4096,\"train_loss\":6.5,\"val_loss\":6.75,\"val_accuracy\":0.5,"
                + "\"learning_rate\":4.0E-5,\"gradient_norm\":1.25,\"tokens_per_second\":1900.0}");
  }

  @Test
  void takesOutWhatWasWrittenAfterAStepAndAHalfWrittenLine() throws IOException {
    Path log = folder.resolve("log.jsonl");
    for (TrainingStep step : List.of(PLAIN, WITH_VALIDATION, WITH_EVERYTHING)) {
      TrainingLog.append(log, step);
    }
    String whole = Files.readString(log);
    Files.writeString(log, whole + "{\"step\":4,\"tok");
    TrainingLog.truncate(log, 9);
    assertThat(log).hasContent(whole);
    TrainingLog.truncate(log, 2);
    assertThat(TrainingLog.read(log)).containsExactly(PLAIN, WITH_VALIDATION);
    Files.writeString(log, TrainingLog.line(PLAIN));
    TrainingLog.truncate(log, 2);
    assertThat(TrainingLog.read(log)).isEmpty();
    TrainingLog.truncate(folder.resolve("none.jsonl"), 0);
    assertThat(folder.resolve("none.jsonl")).doesNotExist();
  }

  @Test
  void findsTheLastStepFromTheEnd() throws IOException {
    Path log = folder.resolve("log.jsonl");
    assertThat(TrainingLog.lastStep(log)).isZero();
    Files.writeString(log, "{\"step\":1");
    assertThat(TrainingLog.lastStep(log)).isZero();
    Files.writeString(log, "");
    TrainingLog.append(log, PLAIN);
    assertThat(TrainingLog.lastStep(log)).isEqualTo(1);
    Files.writeString(log, Files.readString(log).repeat(100));
    TrainingLog.append(log, WITH_VALIDATION);
    String whole = Files.readString(log);
    assertThat(TrainingLog.lastStep(log)).isEqualTo(2);
    Files.writeString(log, whole + "{\"step\":3,\"tok");
    assertThat(TrainingLog.lastStep(log)).isEqualTo(2);
    String long3 = "{\"step\":3,\"more\":\"" + "x".repeat(9000) + "\"}\n";
    Files.writeString(log, whole + long3);
    assertThat(TrainingLog.lastStep(log)).isEqualTo(3);
  }

  @Test
  void whatAMachineThatStoppedLeftAfterAStepIsTakenOut() throws IOException {
    Path log = folder.resolve("log.jsonl");
    TrainingLog.append(log, PLAIN);
    TrainingLog.append(log, WITH_VALIDATION);
    Files.writeString(log, Files.readString(log) + "\0\0\0\0\n");
    TrainingLog.truncate(log, 2);
    assertThat(TrainingLog.read(log)).containsExactly(PLAIN, WITH_VALIDATION);
  }

  @Test
  void namesTheLineThatIsNoStep() throws IOException {
    Path log = folder.resolve("log.jsonl");
    TrainingLog.append(log, PLAIN);
    Files.writeString(log, TrainingLog.line(PLAIN) + "\n{\"step\":2}\n");
    assertThatThrownBy(() -> TrainingLog.read(log))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith("This line is not a log entry: ")
        .hasMessageContaining("log.jsonl, line 2. To fix: use a log that Weir wrote");
  }

  @Test
  void saysThatThereIsNoLog() {
    assertThatThrownBy(() -> TrainingLog.read(folder.resolve("none.jsonl")))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith("The log cannot be read: NoSuchFileException.");
    assertThatThrownBy(() -> TrainingLog.append(folder.resolve("no/log.jsonl"), PLAIN))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith("The log cannot be written: NoSuchFileException.");
  }
}
