package dev.weir.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.WeirException;
import dev.weir.model.Transformer;
import dev.weir.model.family.ModelFiles;
import dev.weir.tensor.AdamW;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A run in its folder, in this process: stopped, gone on with, damaged.
class RunFolderTest {
  private static final int STEPS = 12;

  @TempDir Path folder;

  private static RunPlan plan(TrainingSettings settings) {
    return new RunPlan(
        TinyRuns.model(),
        new DataSettings("made up", Optional.empty(), 0.1, CorpusFiles.usual(), "none"),
        settings,
        new RunPlan.Saving(3, 2),
        2);
  }

  private RunFolder begun(String name) {
    return RunFolder.begin(folder.resolve(name), plan(TinyRuns.settings(STEPS)));
  }

  private static void train(RunFolder folder, int last) {
    try (TrainingRun run = folder.start(TinyRuns.data(), TrainingParts.usual())) {
      folder.run(run, _ -> {}, () -> run.steps() >= last);
    }
  }

  private static List<String> checkpoints(RunFolder folder) throws IOException {
    try (var found = Files.list(folder.checkpoints())) {
      return found.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  // ---------------------------------------------------------------- going on

  @Test
  void goesOnFromWhereItStoppedAsIfItHadNot() {
    RunFolder whole = begun("whole");
    train(whole, STEPS);
    RunFolder parted = begun("parted");
    for (int last : List.of(0, 1, 2, 5, 6, 11, STEPS)) {
      train(RunFolder.open(parted.path()), last);
    }
    assertThat(TinyRuns.losses(parted.steps())).isEqualTo(TinyRuns.losses(whole.steps()));
    assertThat(parted.path().resolve("model.safetensors"))
        .hasSameBinaryContentAs(whole.path().resolve("model.safetensors"));
  }

  @Test
  void keepsTheLastCheckpointsAndTheModelAsSaved() throws IOException {
    RunFolder run = begun("run");
    train(run, 7);
    assertThat(checkpoints(run)).containsExactly("step-00000006", "step-00000007");
    train(run, STEPS);
    assertThat(checkpoints(run)).containsExactly("step-00000009", "step-00000012");
    try (Transformer model = ModelFiles.open(run.path(), ModelFiles.Options.usual())) {
      assertThat(model.spec()).isEqualTo(TinyRuns.spec());
    }
  }

  @Test
  void aFinishedRunStaysAsItIs() throws IOException {
    RunFolder run = begun("run");
    train(run, STEPS);
    byte[] model = Files.readAllBytes(run.path().resolve("model.safetensors"));
    train(run, STEPS);
    assertThat(run.path().resolve("model.safetensors")).hasBinaryContent(model);
    assertThat(run.steps()).hasSize(STEPS);
  }

  @Test
  void whatTheLogHoldsBeyondTheCheckpointIsTakenOut() throws IOException {
    RunFolder run = begun("run");
    train(run, 6);
    List<TrainingStep> logged = run.steps();
    TrainingStep later = logged.getLast();
    Path log = run.path().resolve("log.jsonl");
    TrainingLog.append(
        log,
        new TrainingStep(
            7, 7, 9, later.auxiliaryLosses(), Optional.empty(), 1, 1, 1, 0, later.statistics()));
    Files.writeString(log, Files.readString(log) + "{\"step\":8,");
    try (TrainingRun _ = run.start(TinyRuns.data(), TrainingParts.usual())) {
      assertThat(run.steps()).isEqualTo(logged);
    }
  }

  @Test
  void whatAKilledWriterLeftIsRemoved() throws IOException {
    RunFolder run = begun("run");
    train(run, 3);
    for (String name : List.of(".step-00000006", ".gone-step-00000001", ".step-00000099")) {
      Path left = Files.createDirectories(run.checkpoints().resolve(name));
      Files.writeString(left.resolve("model.safetensors"), "half of one");
      Files.writeString(left.resolve(".model.safetensors.0.tmp"), "less than that");
    }
    train(run, 6);
    assertThat(checkpoints(run)).containsExactly("step-00000003", "step-00000006");
  }

  // ---------------------------------------------------------------- plans

  @Test
  void aPlanReadsBackWithEveryChoice() {
    TrainingSettings settings =
        TrainingSettings.usual(6, 8, new Schedule.WarmupStableDecay(9, 1, 2, 1e-3, 1e-5))
            .with(new TrainingSettings.Batching(6, 8, 3))
            .with(new TrainingSettings.Optimizer(new AdamW.Settings(0.8, 0.9, 1e-6), 0.2, 3))
            .with(
                new TrainingSettings.Execution(
                    DType.BFLOAT16, TrainingSettings.Activations.RECOMPUTED, 2))
            .with(new TrainingSettings.Seeds(-1, Long.MAX_VALUE))
            .withDropout(0.25)
            .withLookEvery(4);
    RunPlan plan =
        new RunPlan(
            TinyRuns.model(),
            new DataSettings(
                "text",
                Optional.of("other"),
                0.25,
                new CorpusFiles(new DocumentRule.Marker("<|end|>"), "body", TokenFile.Width.UINT16),
                "abc"),
            settings,
            new RunPlan.Saving(7, 1),
            3);
    RunFolder.begin(folder.resolve("run"), plan);
    assertThat(RunFolder.open(folder.resolve("run")).plan()).isEqualTo(plan);
  }

  @Test
  void saysThatAPlanIsDamaged() throws IOException {
    RunFolder run = begun("run");
    Path file = run.path().resolve("run.json");
    String json = Files.readString(file);
    Files.writeString(file, json.replace("\"threads\"", "\"treads\""));
    assertThatThrownBy(() -> RunFolder.open(run.path()))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith("This is not the plan of a training run: ")
        .hasMessageContaining("run.json. To fix: restore the file");
    Files.writeString(file, json.replace("\"dropout\" : 0.0", "\"dropout\" : 7.0"));
    assertThatThrownBy(() -> RunFolder.open(run.path())).isInstanceOf(TrainException.class);
    Files.writeString(file, json.substring(30));
    assertThatThrownBy(() -> RunFolder.open(run.path())).isInstanceOf(WeirException.class);
  }

  @Test
  void saysThatThereIsARunAlreadyOrNone() throws IOException {
    RunFolder run = begun("run");
    assertThatThrownBy(() -> begun("run"))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith("There is a run or a model already. Where: " + run.path());
    Path model = Files.createDirectories(folder.resolve("model"));
    Files.writeString(model.resolve("config.json"), "{}");
    assertThatThrownBy(() -> begun("model")).isInstanceOf(TrainException.class);
    assertThatThrownBy(() -> RunFolder.open(folder.resolve("nowhere")))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith("There is no run to go on with: run.json is missing.");
    assertThatThrownBy(() -> new RunPlan.Saving(0, 1))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith("A run cannot be saved every 0 steps with 1 checkpoints kept.");
  }

  // ---------------------------------------------------------------- damage

  @Test
  void aLossThatIsNoNumberLeavesTheLastCheckpointGood() throws IOException {
    TrainingSettings wild =
        TrainingSettings.usual(2, TinyRuns.WINDOW, new Schedule.Cosine(50, 0, 1e30, 1e30));
    RunFolder run = RunFolder.begin(folder.resolve("run"), plan(wild));
    assertThatThrownBy(() -> train(run, 50))
        .isInstanceOf(WeirException.class)
        .message()
        .doesNotContain("\n");
    for (String name : Files.exists(run.checkpoints()) ? checkpoints(run) : List.<String>of()) {
      assertThat(name).startsWith("step-");
      ModelFiles.open(run.checkpoints().resolve(name), ModelFiles.Options.usual()).close();
    }
  }

  @Test
  void aModelThatIsNoNumberIsNotSaved() throws IOException {
    RunFolder run = begun("run");
    train(run, 3);
    try (TrainingRun broken = run.start(TinyRuns.data(), TrainingParts.usual())) {
      broken.model().parameters().get("ln_final.w").memory().asByteBuffer().putInt(-1); // NaN
      assertThatThrownBy(() -> Checkpoint.write(broken, run.checkpoints()))
          .isInstanceOf(TrainException.class)
          .hasMessageContaining("checkpoints of earlier steps are still good");
    }
    assertThat(checkpoints(run)).containsExactly("step-00000003");
    train(run, STEPS);
  }

  @Test
  void saysThatACheckpointIsOfAnotherShape() {
    RunFolder other =
        RunFolder.begin(
            folder.resolve("other"),
            new RunPlan(
                new ModelSettings(
                    "pre_norm",
                    16,
                    1,
                    2,
                    2,
                    24,
                    TinyRuns.VOCAB,
                    TinyRuns.WINDOW,
                    ModelSettings.NormKind.RMS,
                    ModelSettings.MlpKind.GATED,
                    ModelSettings.Positions.ROTARY,
                    ModelSettings.Head.TIED),
                plan(TinyRuns.settings(STEPS)).data(),
                TinyRuns.settings(STEPS),
                new RunPlan.Saving(3, 2),
                2));
    train(other, 3);
    RunFolder run = begun("run");
    assertThat(other.checkpoints().toFile().renameTo(run.checkpoints().toFile())).isTrue();
    assertThatThrownBy(() -> train(run, 6))
        .isInstanceOf(TrainException.class)
        .hasMessageContaining(
            "The checkpoint is of another run: the shapes of its model differ from those in"
                + " run.json. Where: ")
        .hasMessageContaining("step-00000003. To fix: remove the checkpoint");
  }

  @Test
  void saysThatOptimizerStateIsOfAnotherShapeOrCutOff() throws IOException {
    RunFolder run = begun("run");
    train(run, 3);
    Path state = run.checkpoints().resolve("step-00000003").resolve("optimizer.safetensors");
    byte[] bytes = Files.readAllBytes(state);
    Files.write(state, Arrays.copyOf(bytes, bytes.length / 2));
    assertThatThrownBy(() -> train(run, 6))
        .isInstanceOf(WeirException.class)
        .hasMessageContaining("optimizer.safetensors");
  }

  @Test
  void saysThatTheTextsAreTooShort() {
    Corpus few = TinyRuns.coins(5, 1);
    assertThatThrownBy(() ->
            new TrainingRun(
                TinyRuns.spec(), new TextData(few, few, TinyRuns.VOCAB), TinyRuns.settings(STEPS)))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith(
            "The texts have 7 tokens, which do not fill a window of 16 predictions.");
  }

  @Test
  void saysThatTheVocabularyIsTooSmall() {
    Corpus text = TinyRuns.coins(500, 1);
    assertThatThrownBy(() ->
            new TrainingRun(
                TinyRuns.spec(), new TextData(text, text, 99), TinyRuns.settings(STEPS)))
        .isInstanceOf(TrainException.class)
        .hasMessageStartingWith("A model of 16 tokens cannot read data of 99.");
  }
}
