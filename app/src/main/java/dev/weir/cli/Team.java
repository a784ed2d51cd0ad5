package dev.weir.cli;

import dev.weir.WeirException;
import dev.weir.tensor.Collective;
import dev.weir.tensor.TensorException;
import dev.weir.train.GradientExchange;
import dev.weir.train.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/// The processes that train together: this one, which writes and talks, and those that it starts
/// ([MemberCommand]). They end when it ends, however it ends.
final class Team implements AutoCloseable {

  /// How long one waits for another: saving a large model takes minutes.
  static final Duration PATIENCE = Duration.ofMinutes(10);

  /// How long a process takes to end once it wants to.
  private static final Duration FAREWELL = Duration.ofSeconds(5);

  private static final int GLANCE_MILLISECONDS = 20;

  /// Where they meet; nowhere if this one is alone.
  private final Optional<Path> place;

  private final int worldSize;
  private final List<Child> others = new ArrayList<>();
  private Collective collective = Collective.alone();

  private Team(Optional<Path> place, int worldSize) {
    this.place = place;
    this.worldSize = worldSize;
  }

  /// Starts the others.
  ///
  /// @param run the run that all of them work on
  /// @throws CliException if that is not possible
  static Team start(RunFolder run) {
    int worldSize = run.plan().training().execution().worldSize();
    if (worldSize == 1) {
      return new Team(Optional.empty(), 1);
    }
    try {
      Path place = Files.createTempDirectory("weir-train-");
      Team team = new Team(Optional.of(place), worldSize);
      try {
        for (int rank = 1; rank < worldSize; rank++) {
          team.others.add(member(run.path(), rank, place));
        }
        return team;
      } catch (IOException e) {
        team.close();
        throw e;
      }
    } catch (IOException e) {
      throw CliException.noMember(e);
    }
  }

  private static Child member(Path run, int rank, Path place) throws IOException {
    return Child.start(
        place.resolve("said-" + rank),
        List.of(),
        List.of(MemberCommand.NAME, run.toString(), Integer.toString(rank), place.toString()));
  }

  /// Where a member says that it is about to meet the others.
  static Path ready(Path place, int rank) {
    return place.resolve("ready-" + rank);
  }

  /// Meets the others in the engine.
  ///
  /// @param place the folder that all of them were given
  /// @param rank who this is
  /// @param worldSize how many there are
  static Collective join(Path place, int rank, int worldSize) {
    return Collective.join(place.resolve("meeting"), rank, worldSize, PATIENCE);
  }

  /// Waits until the others have read their data, and meets them.
  ///
  /// @param stop whether the user does not want to wait any more
  /// @return whether all are there; if not, the user wanted to stop
  /// @throws CliException if one of them has ended
  boolean meets(BooleanSupplier stop) {
    if (place.isEmpty()) {
      return true;
    }
    while (!allReady(place.get())) {
      Optional<Integer> gone = gone();
      if (stop.getAsBoolean()
          || gone.map(rank -> others.get(rank - 1).wasInterrupted()).orElse(false)) {
        return false;
      }
      gone.ifPresent(rank -> {
        throw ended(rank);
      });
      rest(GLANCE_MILLISECONDS);
    }
    collective = join(place.get(), 0, worldSize);
    return true;
  }

  private boolean allReady(Path folder) {
    return Stream.iterate(1, rank -> rank < worldSize, rank -> rank + 1)
        .allMatch(rank -> Files.exists(ready(folder, rank)));
  }

  /// What they agree by.
  GradientExchange exchange() {
    return GradientExchange.over(collective);
  }

  /// Why training failed: where one of the others is gone, this one only knows that it waits in
  /// vain.
  ///
  /// @param failure what this one knows
  WeirException reason(WeirException failure) {
    if (!(failure instanceof TensorException) || others.isEmpty()) {
      return failure;
    }
    long patience = System.nanoTime() + FAREWELL.toNanos();
    while (gone().isEmpty() && System.nanoTime() < patience) {
      rest(GLANCE_MILLISECONDS);
    }
    return gone().<WeirException>map(this::ended).orElse(failure);
  }

  /// One of the others that has ended with a failure. One that was killed comes first: the rest may
  /// have failed for want of it.
  private Optional<Integer> gone() {
    return Stream.iterate(1, rank -> rank < worldSize, rank -> rank + 1)
        .filter(rank -> !others.get(rank - 1).isAlive() && others.get(rank - 1).exitCode() != 0)
        .max(Comparator.comparingInt(rank -> others.get(rank - 1).exitCode()));
  }

  private CliException ended(int rank) {
    String how = others.get(rank - 1).reason().replaceFirst("\\. Where: .*", "");
    return CliException.memberEnded(rank, worldSize, how);
  }

  private static void rest(int milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Waits for the others to end, for a while, and ends them then.
  @Override
  public void close() {
    collective.close();
    others.forEach(other -> other.end(FAREWELL));
    place.ifPresent(Team::remove);
  }

  private static void remove(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(folder);
    } catch (IOException _) {
      // It lies among the temporary files, which somebody clears.
    }
  }
}
