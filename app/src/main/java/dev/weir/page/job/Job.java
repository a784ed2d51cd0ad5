package dev.weir.page.job;

import dev.weir.WeirException;
import dev.weir.page.run.EngineThread;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// A piece of work that goes on, or has ended. Any thread may ask it.
///
/// @param <T> what it finds
public final class Job<T> {
  private final String id;
  private final String kind;
  private final EngineThread engine;
  private final InstantSource clock;
  private final Duration patience;
  private final Consumer<Throwable> faults;

  private JobStatus.State state = JobStatus.State.WAITING;
  private long done;
  private long total;
  private Optional<T> found = Optional.empty();
  private Optional<String> error = Optional.empty();
  private long version;
  private int watchers;
  private Instant seen;
  private Instant began;
  private Instant ended;
  private Optional<Thread> worker = Optional.empty();

  Job(
      String id,
      String kind,
      EngineThread engine,
      InstantSource clock,
      Duration patience,
      Consumer<Throwable> faults) {
    this.id = id;
    this.kind = kind;
    this.engine = engine;
    this.clock = clock;
    this.patience = patience;
    this.faults = faults;
    this.seen = clock.instant();
    this.began = seen;
    this.ended = seen;
  }

  /// Short; nobody guesses it.
  public String id() {
    return id;
  }

  // ---------------------------------------------------------------- watching

  /// What is known now. Whoever asks counts as somebody who watches.
  public synchronized JobStatus<T> status() {
    seen = clock.instant();
    return snapshot();
  }

  private JobStatus<T> snapshot() {
    Instant until = state.ended() ? ended : clock.instant();
    double seconds =
        state == JobStatus.State.WAITING ? 0 : Duration.between(began, until).toMillis() / 1e3;
    return new JobStatus<>(
        id, kind, state, done, total, seconds, left(seconds), found, error, version);
  }

  private OptionalDouble left(double seconds) {
    return state == JobStatus.State.RUNNING && done > 0 && total > 0
        ? OptionalDouble.of(seconds / done * (total - done))
        : OptionalDouble.empty();
  }

  /// Somebody who watches, until it is closed. While there is one, the work goes on.
  public Watch watch() {
    return new Watch();
  }

  /// Somebody who watches a piece of work.
  public final class Watch implements AutoCloseable {
    private long known = -1;
    private boolean open = true;

    private Watch() {
      synchronized (Job.this) {
        watchers++;
      }
    }

    /// What is known as soon as there is something new; empty if there is nothing after a while.
    /// Changes that came quickly one after the other are seen as one.
    ///
    /// @param wait how long to wait
    /// @throws InterruptedException if the thread is interrupted meanwhile
    public Optional<JobStatus<T>> next(Duration wait) throws InterruptedException {
      synchronized (Job.this) {
        long end = System.nanoTime() + wait.toNanos();
        while (version == known) {
          long millis = Duration.ofNanos(end - System.nanoTime()).toMillis();
          if (millis <= 0) {
            return Optional.empty();
          }
          Job.this.wait(millis);
        }
        known = version;
        return Optional.of(status());
      }
    }

    @Override
    public void close() {
      synchronized (Job.this) {
        if (open) {
          open = false;
          watchers--;
          seen = clock.instant();
        }
      }
    }
  }

  // ---------------------------------------------------------------- ending

  /// Ends it; what was found so far stays. Nothing happens if it has ended.
  public synchronized void cancel() {
    if (!state.ended()) {
      end(JobStatus.State.CANCELLED);
      worker.ifPresent(Thread::interrupt);
    }
  }

  /// Whether it ended, and when: before this moment.
  synchronized boolean endedBefore(Instant moment) {
    return state.ended() && ended.isBefore(moment);
  }

  synchronized boolean ended() {
    return state.ended();
  }

  private void end(JobStatus.State how) {
    state = how;
    ended = clock.instant();
    changed();
  }

  private void changed() {
    version++;
    notifyAll();
  }

  // ---------------------------------------------------------------- working

  /// Does the work when its turn has come, on the current thread.
  void run(Work<T> work, Semaphore turns) {
    try {
      turns.acquire();
      try {
        begin();
        succeed(work.run(new Stepping()));
      } finally {
        turns.release();
      }
    } catch (InterruptedException | CancellationException _) {
      cancel();
    } catch (WeirException e) {
      fail(e.getMessage());
    } catch (RuntimeException | Error e) {
      fault(e);
    }
  }

  /// What work that was cancelled stumbles over is no fault.
  private void fault(Throwable e) {
    if (!ended()) {
      faults.accept(e);
      fail(
          "This is a fault of Weir. Where: %s. To fix: look at what weir view printed."
              .formatted(kind));
    }
  }

  synchronized void workedOnBy(Thread thread) {
    worker = Optional.of(thread);
  }

  private synchronized void begin() {
    requireWanted();
    state = JobStatus.State.RUNNING;
    began = clock.instant();
    changed();
  }

  private synchronized void succeed(T all) {
    if (!state.ended()) {
      found = Optional.of(all);
      done = total;
      end(JobStatus.State.DONE);
    }
  }

  private synchronized void fail(String message) {
    if (!state.ended()) {
      error = Optional.of(message);
      end(JobStatus.State.FAILED);
    }
  }

  private synchronized void requireWanted() {
    boolean alone = watchers == 0 && seen.plus(patience).isBefore(clock.instant());
    if (state.ended() || alone) {
      throw new CancellationException("Nobody wants it");
    }
  }

  private final class Stepping implements Steps<T> {
    @Override
    public <S> S step(Supplier<S> step) {
      requireWanted();
      return engine.call(step);
    }

    @Override
    public void reached(long now, long of) {
      synchronized (Job.this) {
        if (!state.ended()) {
          done = now;
          total = of;
          changed();
        }
      }
    }

    @Override
    public void found(T soFar) {
      synchronized (Job.this) {
        if (!state.ended()) {
          found = Optional.of(soFar);
          changed();
        }
      }
    }
  }
}
