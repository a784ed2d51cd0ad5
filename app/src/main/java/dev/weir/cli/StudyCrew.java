package dev.weir.cli;

import dev.weir.study.Claim;
import dev.weir.study.StudyFolder;
import dev.weir.study.StudyPlan;
import dev.weir.study.StudyRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The processes that train the runs of a study, one run each at a time, while this one looks on
/// and talks. One that dies is replaced, and its run goes to whoever comes by next; a run that was
/// the death of two is given up for this time.
final class StudyCrew implements AutoCloseable {
  private static final int GLANCE_MILLISECONDS = 200;
  private static final int MOST_DEATHS = 2;

  /// How long a step and saving may take. Whoever is ended then loses nothing but time.
  private static final Duration FAREWELL = Duration.ofMinutes(2);

  private final StudyFolder folder;
  private final BooleanSupplier stop;
  private final int size;
  private final Path place;
  private final StudyHeadway headway;
  private final Map<Integer, Child> workers = new LinkedHashMap<>();
  private final Map<Child, StudyRun> lastSeenAt = new HashMap<>();
  private final Map<String, Integer> deaths = new HashMap<>();
  private final Map<StudyRun, Claim> givenUp = new LinkedHashMap<>();
  private int started;
  private int deathsInVain;
  private long stepsAtDeath = -1;

  /// A crew that has not begun.
  ///
  /// @param terminal where it talks
  /// @param folder the study's, prepared
  /// @param plan its plan
  /// @param size how many processes work at the same time
  /// @param stop whether the user wants to stop
  /// @throws CliException if there is no place for what they say
  StudyCrew(Terminal terminal, StudyFolder folder, StudyPlan plan, int size, BooleanSupplier stop) {
    this.folder = folder;
    this.size = size;
    this.stop = stop;
    this.headway = new StudyHeadway(terminal, folder, plan);
    try {
      this.place = Files.createTempDirectory("weir-study-");
    } catch (IOException e) {
      throw CliException.noWorker(e);
    }
  }

  /// Works until every run is done or given up, or the user wants to stop.
  ///
  /// @throws CliException if workers die one after the other and nothing is done in between
  void work() {
    while (!stop.getAsBoolean() && !isOver()) {
      fill();
      rest();
      headway.look();
      headway.tell(doing());
      bury();
    }
  }

  private boolean isOver() {
    return headway.missing().stream().allMatch(givenUp::containsKey);
  }

  /// The runs that were given up.
  List<StudyRun> givenUp() {
    return List.copyOf(givenUp.keySet());
  }

  private void fill() {
    while (workers.size() < size) {
      started++;
      try {
        workers.put(
            started,
            Child.start(
                place.resolve("said-" + started),
                List.of("-XX:+ExitOnOutOfMemoryError"),
                List.of("study", StudyCommand.WORK, folder.path().toAbsolutePath().toString())));
      } catch (IOException e) {
        throw CliException.noWorker(e);
      }
    }
  }

  private static void rest() {
    try {
      Thread.sleep(GLANCE_MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// What the workers are at.
  private String doing() {
    return workers.values().stream()
        .flatMap(worker -> run(worker).stream())
        .map(StudyRun::label)
        .collect(Collectors.joining(" | "));
  }

  private Optional<StudyRun> run(Child worker) {
    Optional<StudyRun> run =
        headway.missing().stream()
            .filter(r -> folder.takenBy(r).filter(by -> by.pid() == worker.pid()).isPresent())
            .findFirst();
    run.ifPresent(r -> lastSeenAt.put(worker, r));
    return run;
  }

  /// The run that a worker died at, also where the next has taken it since.
  private Optional<StudyRun> left(Child worker) {
    return run(worker)
        .or(() -> Optional.ofNullable(lastSeenAt.get(worker)))
        .filter(headway.missing()::contains);
  }

  private void bury() {
    for (Map.Entry<Integer, Child> entry : List.copyOf(workers.entrySet())) {
      Child worker = entry.getValue();
      if (!worker.isAlive()) {
        workers.remove(entry.getKey());
        // A signal that meant all of them has reached this one by now.
        if (worker.exitCode() != 0 && !stop.getAsBoolean()) {
          mourn(entry.getKey(), worker);
        }
        lastSeenAt.remove(worker);
      }
    }
  }

  private void mourn(int number, Child worker) {
    Optional<StudyRun> run = left(worker);
    headway.note(
        "worker %d ended: %s; %s"
            .formatted(
                number,
                worker.reason(),
                run.map(left -> "%s goes to another".formatted(left.label()))
                    .orElse("it had no run")));
    run.filter(left -> deaths.merge(left.id(), 1, Integer::sum) >= MOST_DEATHS)
        .ifPresent(this::giveUp);
    deathsInVain = headway.steps() > stepsAtDeath ? 1 : deathsInVain + 1;
    stepsAtDeath = Math.max(stepsAtDeath, headway.steps());
    if (deathsInVain > size) {
      throw CliException.workersEnded(worker.reason(), folder.path());
    }
  }

  /// As long as the run is claimed here, no worker takes it.
  private void giveUp(StudyRun run) {
    folder
        .take(run)
        .ifPresent(claim -> {
          givenUp.put(run, claim);
          headway.note("%s is given up for now: two workers ended at it".formatted(run.label()));
        });
  }

  /// Lets the workers finish their steps and save, and takes what they wrote away.
  @Override
  public void close() {
    workers.values().forEach(Child::dismiss);
    workers.values().forEach(worker -> worker.end(FAREWELL));
    givenUp.values().forEach(Claim::close);
    headway.look();
    headway.close();
    remove();
  }

  private void remove() {
    try (Stream<Path> files = Files.list(place)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(place);
    } catch (IOException _) {
      // It lies among the temporary files, which somebody clears.
    }
  }
}
