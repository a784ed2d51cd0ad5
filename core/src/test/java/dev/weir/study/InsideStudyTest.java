package dev.weir.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.weir.WeirException;
import dev.weir.model.Transformer;
import dev.weir.pathway.PreNorm;
import dev.weir.tensor.DType;
import dev.weir.testing.EveryModel;
import dev.weir.testing.PathwayModels;
import dev.weir.train.Batch;
import dev.weir.train.TrainingData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which models of a study are looked into, and what becomes of it.
class InsideStudyTest {
  private static final String STUDY =
      """
      name: small
      model: {d_model: 16, n_heads: 1, n_layers: 1, d_mlp: 32}
      recipe: {batch: 128, tokens: 1280, looks: 1, look_tokens: 128}
      variants:
        - {name: plain}
        - {name: same}
        - {name: ddl, pathway: ddl, d_mlp: 96}
      tasks:
        - {name: mess3, source: "task:mess3:length=16"}
      budgets: [tokens, flops]
      seeds: 2
      """;

  @TempDir Path folder;

  @Test
  void modelsThatAreComparedUnderTheFirstBudgetAreLookedInto() throws IOException {
    StudyResults results = worked(STUDY);
    assertThat(results.done()).isEqualTo(8); // Deep Delta once more, in fewer steps.
    List<StudyRun> into = results.plan().runs().stream().filter(results.plan()::looksInto).toList();
    assertThat(into).hasSize(6);
    assertThat(results.insides()).hasSize(6);
    for (StudyRun run : into) {
      Inside inside = Objects.requireNonNull(results.insides().get(run.id()));
      assertThat(inside.run()).isEqualTo(run.id());
      assertThat(inside.trouble()).isEmpty();
      assertThat(inside.texts()).isEqualTo(16);
      assertThat(inside.gates()).hasSize(run.variant().name().equals("ddl") ? 2 : 0);
    }
    theSameModelUnderAnotherNameIsTheSameInside(results);
    aKilledWorkerLooksAgain(results, into.getFirst());
  }

  private static void theSameModelUnderAnotherNameIsTheSameInside(StudyResults results) {
    Comparison same =
        results.comparisons().stream()
            .filter(c -> c.contest().variant().name().equals("same"))
            .findFirst()
            .orElseThrow();
    for (InsideMeasure measure : InsideMeasure.values()) {
      InsideComparison found = InsideComparison.of(same, results.insides(), measure, 2);
      found
          .difference()
          .ifPresent(difference -> {
            assertThat(difference.mean()).as(measure.label()).isZero();
            assertThat(difference.verdict()).isEqualTo(Difference.Verdict.NO_DIFFERENCE_FOUND);
          });
      assertThat(found.difference().isPresent())
          .as(measure.label())
          .isEqualTo(
              measure.group() == InsideMeasure.Group.STREAM
                  || measure.group() == InsideMeasure.Group.MEMORY
                  || measure == InsideMeasure.ATTENTION_AGE
                  || measure == InsideMeasure.ATTENTION_SELF);
    }
  }

  /// It was killed between the last step and the outcome.
  private void aKilledWorkerLooksAgain(StudyResults before, StudyRun run) throws IOException {
    Path place = folder.resolve("runs").resolve(run.id());
    Files.delete(place.resolve("outcome.json"));
    Files.writeString(place.resolve("inside.json"), "{}");
    assertThat(worked(STUDY).insides()).isEqualTo(before.insides());
  }

  @Test
  void nothingIsLookedIntoWhereTheStudySaysSo() {
    StudyResults results = worked(STUDY + "inside: false\n");
    assertThat(results.done()).isEqualTo(8);
    assertThat(results.insides()).isEmpty();
  }

  @Test
  void whetherToLookIsTrueOrFalse() {
    assertThatExceptionOfType(WeirException.class)
        .isThrownBy(() -> StudyFile.parse(STUDY + "inside: maybe\n", folder, "study.yaml"))
        .withMessageContaining("inside")
        .withMessageContaining("true or false");
  }

  @Test
  void whatGoesWrongIsToldAndNotThrown() {
    Study study = StudyFile.parse(STUDY, folder, "study.yaml");
    StudyRun run =
        StudyFolder.of(folder, study)
            .results(System::nanoTime, _ -> {})
            .plan()
            .runs()
            .iterator()
            .next();
    try (Transformer model = EveryModel.random(PathwayModels.on(new PreNorm()), DType.FLOAT32)) {
      Inside inside = InsideReader.of(run, model, new Lost());
      assertThat(inside.trouble()).contains("the data are gone");
      assertThat(inside.run()).isEqualTo(run.id());
      assertThat(InsideMeasure.values())
          .allSatisfy(measure -> assertThat(measure.of(inside)).isEmpty());
    }
  }

  /// Data that cannot be read any more.
  private static final class Lost implements TrainingData {
    @Override
    public int dVocab() {
      return 16;
    }

    @Override
    public OptionalInt window() {
      return OptionalInt.empty();
    }

    @Override
    public Batches training(int batch, int window, long seed) {
      throw new UncheckedIOException(new IOException("the data are gone"));
    }

    @Override
    public List<Batch> validation(int batch, int window) {
      throw new UncheckedIOException(new IOException("the data are gone"));
    }
  }

  private StudyResults worked(String yaml) {
    StudyFolder place = StudyFolder.of(folder, StudyFile.parse(yaml, folder, "study.yaml"));
    new StudyWorker(place)
        .work(
            place.results(System::nanoTime, _ -> {}).plan(),
            StudyWorker.Listener.silent(),
            () -> false);
    return place.results(System::nanoTime, _ -> {});
  }
}
