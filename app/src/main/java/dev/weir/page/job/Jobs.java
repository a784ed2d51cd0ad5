package dev.weir.page.job;

import dev.weir.page.run.EngineThread;
import dev.weir.page.run.PageException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/// Long work for those who look at the page: each piece on a thread of its own, which hands short
/// steps to the engine, a few pieces at a time. Work that nobody has watched for a while ends by
/// itself; what was found is kept for a while.
public final class Jobs implements AutoCloseable {
  private static final int AT_A_TIME = 4;
  private static final int MOST = 32;
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration KEPT = Duration.ofMinutes(10);

  private final EngineThread engine;
  private final InstantSource clock;
  private final Consumer<Throwable> faults;
  private final Semaphore turns = new Semaphore(AT_A_TIME, true);
  private final Map<String, Job<?>> jobs = new LinkedHashMap<>();

  /// No work yet.
  ///
  /// @param engine who computes
  /// @param clock says how late it is
  /// @param faults who hears of a fault of Weir itself
  public Jobs(EngineThread engine, InstantSource clock, Consumer<Throwable> faults) {
    this.engine = engine;
    this.clock = clock;
    this.faults = faults;
  }

  /// Begins a piece of work and returns at once.
  ///
  /// @param kind what sort of work, for instance `pca`
  /// @param work what to do
  /// @throws PageException if there is too much already
  public <T> Job<T> start(String kind, Work<T> work) {
    Job<T> job = new Job<>(UUID.randomUUID().toString(), kind, engine, clock, PATIENCE, faults);
    synchronized (jobs) {
      jobs.values().removeIf(old -> old.endedBefore(clock.instant().minus(KEPT)));
      if (jobs.values().stream().filter(old -> !old.ended()).count() >= MOST) {
        throw tooMuch();
      }
      jobs.put(job.id(), job);
    }
    Thread worker = Thread.ofVirtual().name("weir-job").unstarted(() -> job.run(work, turns));
    job.workedOnBy(worker);
    worker.start();
    return job;
  }

  /// A piece of work that goes on, or ended a while ago.
  ///
  /// @param id which
  /// @throws PageException if there is none
  public Job<?> get(String id) {
    synchronized (jobs) {
      Job<?> job = jobs.get(id);
      if (job == null) {
        throw noJob();
      }
      return job;
    }
  }

  private static PageException tooMuch() {
    return new PageException(
        PageException.Kind.CONFLICT,
        "%d pieces of work go on or wait already".formatted(MOST),
        "jobs",
        "cancel some, or wait until they are done");
  }

  private static PageException noJob() {
    return new PageException(
        PageException.Kind.NOT_FOUND,
        "There is no such work here",
        "job",
        "start it again: what was found is kept for %d minutes".formatted(KEPT.toMinutes()));
  }

  /// Ends all of it.
  @Override
  public void close() {
    synchronized (jobs) {
      jobs.values().forEach(Job::cancel);
    }
  }
}
