package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.model.TransformerSpec;
import dev.weir.model.family.LlamaFolder;
import dev.weir.tensor.AdamW;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingRunTest {
  private static final int VOCAB = 16;
  private static final int WINDOW = 16;

  private static TransformerSpec tiny() {
    return new LlamaFolder(new LlamaFolder.Sizes(32, 2, 4, 2, 48, VOCAB, WINDOW, 10_000, 1e-5), 0)
        .spec();
  }

  private static TrainingSettings settings(int steps, double dropout, long seed) {
    return TrainingSettings.usual(8, WINDOW, new Schedule.Cosine(steps, 10, 1e-2, 0))
        .with(new TrainingSettings.Optimizer(new AdamW.Settings(0.9, 0.99, 1e-8), 0.01, 1))
        .with(new TrainingSettings.Seeds(seed, seed))
        .withDropout(dropout)
        .withLookEvery(50);
  }

  /// Each token is followed by one of two, with equal chances: no model can do better than ln 2 on
  /// texts that it has not seen.
  private static Corpus coins(int length, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] tokens = new int[length];
    for (int i = 1; i < length; i++) {
      tokens[i] = (5 * tokens[i - 1] + 1 + 4 * random.nextInt(2)) % VOCAB;
    }
    return new Corpus(List.of(tokens), 0, length);
  }

  private static TrainingData data(Corpus training, Corpus validation) {
    return new TextData(training, validation, VOCAB);
  }

  @Test
  void learnsASourceDownToItsEntropy() {
    List<TrainingStep> steps = trained(coins(40_000, 1), coins(2_000, 2), settings(250, 0, 1));
    double entropy = Math.log(2);
    assertThat(steps.getFirst().trainLoss())
        // A tied head begins by favouring the token that it reads, the more the fewer there are.
        .as("at first hardly any token is likelier than others")
        .isBetween(0.95 * Math.log(VOCAB), 1.2 * Math.log(VOCAB));
    // The ends of the text, which follow no rule, cost a little.
    assertThat(steps.getLast().validationLoss().orElseThrow())
        .isBetween(0.99 * entropy, 1.05 * entropy);
  }

  @Test
  void learnsASmallTextByHeart() {
    Corpus text = coins(8 * WINDOW + 1, 3);
    List<TrainingStep> steps = trained(text, text, settings(300, 0, 1));
    // Far below ln 2, which the source allows to those who have not seen the text.
    assertThat(steps.getLast().trainLoss()).isLessThan(Math.log(2) / 2);
  }

  @Test
  void theSameSeedGivesTheSameNumbersBitForBit() {
    Corpus text = coins(2_000, 1);
    assertThat(losses(trained(text, text, settings(12, 0.1, 1))))
        .isEqualTo(losses(trained(text, text, settings(12, 0.1, 1))))
        .isNotEqualTo(losses(trained(text, text, settings(12, 0.1, 2))));
  }

  @Test
  void goesOnFromACheckpointAsIfItHadNeverStopped(@TempDir Path folder) {
    Corpus text = coins(2_000, 1);
    List<TrainingStep> whole = trained(text, text, settings(20, 0.1, 1));
    List<TrainingStep> parted = new ArrayList<>();
    try (TrainingRun run = new TrainingRun(tiny(), data(text, text), settings(20, 0.1, 1))) {
      while (run.steps() < 8) {
        parted.add(run.step());
      }
      assertThat(Checkpoint.latest(folder)).isEmpty();
      Checkpoint.write(run, folder);
    }
    Path checkpoint = Checkpoint.latest(folder).orElseThrow();
    assertThat(checkpoint.getFileName()).hasToString("step-00000008");
    try (TrainingRun run = TrainingRun.resume(checkpoint, data(text, text))) {
      run.run(parted::add);
    }
    assertThat(losses(parted)).isEqualTo(losses(whole));
    Checkpoint.delete(checkpoint);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void saysThatAStateIsDamaged(@TempDir Path folder) throws IOException {
    Corpus text = coins(500, 1);
    Path checkpoint;
    try (TrainingRun run = new TrainingRun(tiny(), data(text, text), settings(20, 0, 1))) {
      checkpoint = Checkpoint.write(run, folder);
    }
    Files.writeString(checkpoint.resolve("training.json"), "{\"steps\": 3, \"stride\": 4}");
    assertThatThrownBy(() -> TrainingRun.resume(checkpoint, data(text, text)))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith("This is not the state of a training run. Where: ")
        .hasMessageEndingWith("To fix: go on from another checkpoint, or start anew.");
  }

  @Test
  void looksAtTheValidationTextsNowAndThenAndAtTheEnd() {
    Corpus text = coins(500, 1);
    List<TrainingStep> steps = trained(text, text, settings(60, 0, 1));
    assertThat(
            IntStream.range(0, steps.size())
                .filter(i -> steps.get(i).validationLoss().isPresent())
                .map(i -> steps.get(i).step())
                .toArray())
        .containsExactly(50, 60);
    assertThat(steps.getLast().tokens()).isEqualTo(60L * 8 * WINDOW);
  }

  @Test
  void looksAtNoMoreThanWasAskedFor() {
    Corpus text = coins(2_000, 1);
    // A batch is 8 windows; what is begun is looked at to its end.
    Look least = look(text, 1);
    assertThat(look(text, 8 * WINDOW)).isEqualTo(least);
    assertThat(look(text, 8 * WINDOW + 1)).isNotEqualTo(least);
  }

  private static Look look(Corpus text, long tokens) {
    TrainingSettings some = settings(20, 0, 1).with(new TrainingSettings.Looks(50, tokens));
    try (TrainingRun run = new TrainingRun(tiny(), data(text, text), some)) {
      return run.look();
    }
  }

  @Test
  void saysThatTheWindowIsTooLong() {
    TrainingSettings wide = TrainingSettings.usual(1, WINDOW + 1, new Schedule.Cosine(1, 0, 1, 0));
    assertThatThrownBy(() -> new TrainingRun(tiny(), data(coins(99, 1), coins(99, 1)), wide))
        .isInstanceOf(TrainException.class)
        .hasMessage(
            "A window of 17 tokens is longer than the 16 that this model reads. Where: training"
                + " settings. To fix: use a shorter window, or a model with a larger n_ctx.");
  }

  @Test
  void saysThatTheLossIsNoNumberAnyMore() {
    TrainingSettings wild =
        TrainingSettings.usual(1, WINDOW, new Schedule.Cosine(50, 0, 1e30, 1e30))
            .withLookEvery(100);
    assertThatThrownBy(() -> trained(coins(99, 1), coins(99, 1), wild))
        .isInstanceOf(TrainException.class)
        .hasMessageContaining("use a lower learning rate");
  }

  private static List<TrainingStep> trained(
      Corpus training, Corpus validation, TrainingSettings settings) {
    List<TrainingStep> steps = new ArrayList<>();
    try (TrainingRun run = new TrainingRun(tiny(), data(training, validation), settings)) {
      run.run(steps::add);
    }
    return steps;
  }

  private static List<Double> losses(List<TrainingStep> steps) {
    List<Double> losses = new ArrayList<>();
    for (TrainingStep step : steps) {
      losses.add(step.trainLoss());
      step.validationLoss().ifPresent(losses::add);
    }
    return losses;
  }
}
