package dev.weir.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.WeirException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a study's folder holds when something went wrong.
class StudyFolderTest {
  private static final String STUDY =
      """
      name: tiny
      model: {d_model: 16, n_layers: 1, n_heads: 1, d_mlp: 32}
      recipe: {batch: 64, tokens: 3840, peak: 1e-3, looks: 2, look_tokens: 256}
      variants:
        - {name: plain}
        - {name: swa, mixers: {sublayer: "shortswa:window=4"}}
      tasks:
        - {name: mess3, source: "task:mess3:length=16"}
      budgets: [tokens]
      seeds: 1
      """;

  @TempDir Path folder;

  private StudyFolder study() {
    return StudyFolder.of(folder.resolve("study"), StudyFile.parse(STUDY, folder, "here"));
  }

  /// Steps so long that products overflow.
  private StudyFolder wild() {
    Study sound = StudyFile.parse(STUDY, folder, "here");
    Study wild =
        new Study(
            sound.name(),
            sound.question(),
            sound.model(),
            sound.recipe(),
            sound.variants(),
            sound.tasks(),
            sound.budgets(),
            sound.seeds(),
            List.of(1e33));
    return StudyFolder.of(folder.resolve("study"), wild);
  }

  private static StudyResults prepared(StudyFolder place) {
    return place.results(System::nanoTime, _ -> {});
  }

  private static StudyResults worked(StudyFolder place) {
    new StudyWorker(place).work(prepared(place).plan(), StudyWorker.Listener.silent(), () -> false);
    return prepared(place);
  }

  @Test
  void aLossThatIsNoNumberIsAnOutcome() {
    StudyFolder place = wild();
    StudyResults results = worked(place);
    assertThat(results.outcomes()).hasSize(2);
    assertThat(results.outcomes().values())
        .allSatisfy(outcome -> assertThat(outcome.trouble()).contains("no finite number"));
    assertThat(results.comparisons())
        .singleElement()
        .satisfies(c -> assertThat(c.result()).isEqualTo(Comparison.Result.UNDECIDED));
    StudyStatus status = StudyStatus.of(place, results);
    assertThat(status.at(StudyStatus.State.FAILED)).hasSize(2);
    assertThat(status.steps()).isEqualTo(status.allSteps());
  }

  @Test
  void saysWhichFileIsDamagedAndWhatMakesItAgain() throws IOException {
    StudyFolder place = study();
    StudyResults whole = worked(place);
    StudyRun run = whole.plan().runs().iterator().next();
    Path outcome = place.runPath(run).resolve("outcome.json");
    Files.writeString(outcome, "{\"run\": \"" + run.id());
    assertThatThrownBy(() -> prepared(place))
        .isInstanceOf(StudyException.class)
        .hasMessageStartingWith(
            "The file runs/%s/outcome.json of the study in %s is damaged: "
                .formatted(run.id(), place.path()))
        .hasMessageContaining(
            "To fix: remove the folder of this run, %s; 'weir study run %s' trains it again."
                .formatted(place.runPath(run), place.path()))
        .hasMessageNotContainingAny("REDACTED", "Feature", "model's page");
    removeAll(place.runPath(run));
    assertThat(worked(place).outcome(run).map(Outcome::end))
        .isEqualTo(whole.outcome(run).map(Outcome::end));

    Files.writeString(place.path().resolve("data.json"), "{}");
    assertThatThrownBy(() -> prepared(place))
        .hasMessageContaining("'weir study run %s' makes it again".formatted(place.path()))
        .hasMessageNotContaining("Feature");
    Files.writeString(place.path().resolve("study.json"), "{\"name\": ");
    assertThatThrownBy(() -> StudyFolder.open(place.path()))
        .hasMessageContaining("To fix: restore the file from a copy, or begin anew")
        .hasMessageNotContainingAny("REDACTED", "model's page");
  }

  private static void removeAll(Path folder) throws IOException {
    try (Stream<Path> found = Files.walk(folder)) {
      for (Path file : found.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  @Test
  void aRunThatCannotBeWrittenHasNoOutcome() throws IOException {
    StudyFolder place = study();
    StudyRun run = prepared(place).plan().runs().iterator().next();
    Path log = Files.createDirectories(place.runPath(run)).resolve("log.jsonl");
    Files.createDirectory(log);
    assertThatThrownBy(() -> worked(place)).isInstanceOf(WeirException.class);
    assertThat(place.isDone(run)).isFalse();
    Files.delete(log);
    assertThat(worked(place).outcomes()).hasSize(2);
  }

  @Test
  void aRunThatWasKilledBeforeItsPlanOrItsOutcomeGoesOn() throws IOException {
    StudyFolder place = study();
    StudyResults whole = worked(place);
    StudyRun run = whole.plan().runs().iterator().next();
    Outcome outcome = whole.outcome(run).orElseThrow();

    Files.delete(place.runPath(run).resolve("outcome.json"));
    assertThat(StudyStatus.of(place, prepared(place)).at(StudyStatus.State.STOPPED)).hasSize(1);
    assertThat(worked(place).outcome(run)).contains(outcome);

    StudyRun other = whole.plan().runs().stream().skip(1).findFirst().orElseThrow();
    Path unbegun = folder.resolve("elsewhere");
    StudyFolder second = StudyFolder.of(unbegun, place.study());
    Files.createDirectories(second.runPath(run));
    Files.writeString(
        Files.createDirectories(second.runPath(other)).resolve(".run.json.0.tmp"), "{");
    assertThat(worked(second).outcome(other).orElseThrow().end())
        .isEqualTo(whole.outcome(other).orElseThrow().end());
  }

  @Test
  void aRunIsTakenOnceHoweverOftenItIsAskedFor() {
    StudyFolder place = study();
    StudyRun run = prepared(place).plan().runs().iterator().next();
    try (Claim _ = place.take(run).orElseThrow()) {
      assertThat(place.take(run)).isEmpty();
      assertThat(StudyFolder.open(place.path()).take(run)).isEmpty();
      assertThat(place.takenBy(run)).contains(RunWorker.here());
      assertThat(StudyStatus.of(place, prepared(place)).at(StudyStatus.State.RUNNING))
          .extracting(StudyStatus.Standing::run)
          .containsExactly(run);
    }
    assertThat(place.takenBy(run)).isEmpty();
    place.take(run).orElseThrow().close();
  }

  @Test
  void aWorkerIsNotTakenForAnotherWithTheSameNumber() {
    RunWorker here = RunWorker.here();
    assertThat(RunWorker.parse(here.line())).contains(here);
    assertThat(here.isAlive()).isTrue();
    assertThat(new RunWorker(here.pid(), here.host(), "1970-01-01T00:00:00Z").isAlive()).isFalse();
    assertThat(RunWorker.parse("half a l")).isEmpty();
  }

  @Test
  void timeLeftIsCountedByTheStepsThatAreKnown() {
    StudyFolder place = study();
    StudyResults results = worked(place);
    StudyRun run = results.plan().runs().iterator().next();
    Outcome done = results.outcome(run).orElseThrow();
    StudyStatus begun =
        new StudyStatus(
            results.plan().runs().stream()
                .map(r ->
                    new StudyStatus.Standing(r, StudyStatus.State.STOPPED, 20, Optional.empty()))
                .toList());
    assertThat(begun.left(Map.of())).isEmpty();
    // 40 of 60 steps are left of two runs, each as slow as the one that is known.
    double seconds = 2 * 40 * done.seconds() / 60;
    assertThat(begun.left(Map.of(run.id(), done)).orElseThrow().toSeconds())
        .isEqualTo(Math.round(seconds));
  }

  @Test
  void thePaceIsMeasuredOnceByWhoeverComesFirst() throws InterruptedException {
    Study study = StudyFile.parse(STUDY.replace("[tokens]", "[seconds]"), folder, "here");
    Path path = folder.resolve("study");
    List<String> measured = Collections.synchronizedList(new ArrayList<>());
    Runnable command =
        () -> StudyFolder.of(path, study).pace(System::nanoTime, measured::add, () -> false);
    Thread one = Thread.ofPlatform().start(command);
    Thread two = Thread.ofPlatform().start(command);
    one.join();
    two.join();
    assertThat(measured).isNotEmpty().doesNotHaveDuplicates();
    assertThat(path.resolve("pace.json")).exists();
  }
}
