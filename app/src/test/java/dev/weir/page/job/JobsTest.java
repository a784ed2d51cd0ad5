package dev.weir.page.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.page.run.EngineThread;
import dev.weir.page.run.PageException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class JobsTest {
  private static final Duration LONG = Duration.ofSeconds(10);

  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
  private final EngineThread engine = new EngineThread();
  private final List<Throwable> faults = new CopyOnWriteArrayList<>();
  private final Jobs jobs = new Jobs(engine, now::get, faults::add);

  @AfterEach
  void close() {
    jobs.close();
    engine.close();
  }

  @Test
  void workTellsWhatItFoundSoFarAndAllOfItAtTheEnd() throws InterruptedException {
    CountDownLatch seen = new CountDownLatch(1);
    Job<List<Integer>> job =
        jobs.start(
            "squares",
            steps -> {
              int first = steps.step(() -> 1);
              steps.reached(1, 2);
              steps.found(List.of(first));
              await(seen);
              return List.of(first, steps.step(() -> 4));
            });
    List<JobStatus<List<Integer>>> told = new ArrayList<>();
    try (Job<List<Integer>>.Watch watch = job.watch()) {
      do {
        told.add(watch.next(LONG).orElseThrow());
        if (told.getLast().found().isPresent()) {
          seen.countDown();
        }
      } while (!told.getLast().state().ended());
    }

    assertThat(told)
        .anySatisfy(status -> {
          assertThat(status.state()).isEqualTo(JobStatus.State.RUNNING);
          assertThat(status.found()).hasValue(List.of(1));
        });
    assertThat(told.getLast().state()).isEqualTo(JobStatus.State.DONE);
    assertThat(told.getLast().found()).hasValue(List.of(1, 4));
    assertThat(told).extracting(JobStatus::version).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void theRestTakesAsLongAsWhatIsDoneSays() throws InterruptedException {
    CountDownLatch asked = new CountDownLatch(1);
    Job<Integer> job =
        jobs.start(
            "slow",
            steps -> {
              now.set(Instant.EPOCH.plusSeconds(6));
              steps.reached(3, 10);
              await(asked);
              return 0;
            });
    try (Job<Integer>.Watch watch = job.watch()) {
      JobStatus<Integer> status = until(watch, 3);

      assertThat(status.seconds()).isEqualTo(6);
      assertThat(status.secondsLeft()).hasValue(14);
    }
    asked.countDown();
  }

  private static JobStatus<Integer> until(Job<Integer>.Watch watch, long done)
      throws InterruptedException {
    JobStatus<Integer> status;
    do {
      status = watch.next(LONG).orElseThrow();
    } while (status.done() < done);
    return status;
  }

  @Test
  void aQuestionIsAnsweredBetweenTwoSteps() throws InterruptedException {
    AtomicInteger steps = new AtomicInteger();
    Job<Integer> job = jobs.start("endless", forever(steps));
    while (steps.get() < 3) {
      Thread.sleep(1);
    }

    assertThat(engine.call(() -> "an answer")).isEqualTo("an answer");
    assertThat(job.status().state()).isEqualTo(JobStatus.State.RUNNING);
  }

  private static Work<Integer> forever(AtomicInteger count) {
    return steps -> {
      while (true) {
        steps.reached(steps.step(count::incrementAndGet), 0);
      }
    };
  }

  @Test
  void cancelledWorkMakesNoFurtherStep() throws InterruptedException {
    AtomicInteger steps = new AtomicInteger();
    Job<Integer> job = jobs.start("endless", forever(steps));
    while (steps.get() < 3) {
      Thread.sleep(1);
    }

    job.cancel();
    int most = engine.call(steps::get) + 1;

    assertThat(job.status().state()).isEqualTo(JobStatus.State.CANCELLED);
    Thread.sleep(50);
    assertThat(steps.get()).isLessThanOrEqualTo(most);
  }

  @Test
  void workThatNobodyWatchesEndsByItselfAndWatchedWorkGoesOn() throws InterruptedException {
    Job<Integer> left = jobs.start("endless", forever(new AtomicInteger()));
    Job<Integer> watched = jobs.start("endless", forever(new AtomicInteger()));
    try (Job<Integer>.Watch _ = watched.watch()) {
      Job<Integer>.Watch gone = left.watch();
      gone.close();

      now.set(Instant.EPOCH.plusSeconds(31));
      while (!left.ended()) {
        Thread.sleep(1);
      }

      assertThat(left.status().state()).isEqualTo(JobStatus.State.CANCELLED);
      assertThat(watched.status().state()).isEqualTo(JobStatus.State.RUNNING);
    }
  }

  @Test
  void workThatCannotBeDoneSaysWhyInOneLineAndAFaultIsToldElsewhere() {
    Job<Integer> job =
        jobs.start(
            "wrong",
            steps ->
                steps.step(() -> {
                  throw new PageException(
                      PageException.Kind.BAD_REQUEST, "It is wrong", "here", "do it right");
                }));
    IllegalStateException fault = new IllegalStateException("with\nsecrets");
    Job<Integer> broken =
        jobs.start(
            "broken",
            _ -> {
              throw fault;
            });

    assertThat(last(job).error()).hasValue("It is wrong. Where: here. To fix: do it right.");
    assertThat(last(broken).error())
        .hasValue(
            "This is a fault of Weir. Where: broken. To fix: look at what weir view printed.");
    assertThat(faults).containsExactly(fault);
  }

  private static JobStatus<Integer> last(Job<Integer> job) {
    try (Job<Integer>.Watch watch = job.watch()) {
      JobStatus<Integer> status;
      do {
        status = watch.next(LONG).orElseThrow();
      } while (!status.state().ended());
      return status;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whatWasFoundIsForgottenAfterAWhile() {
    Job<Integer> old = jobs.start("quick", _ -> 1);
    assertThat(last(old).found()).hasValue(1);
    assertThat(jobs.get(old.id())).isSameAs(old);

    now.set(Instant.EPOCH.plus(Duration.ofMinutes(11)));
    jobs.start("quick", _ -> 2);

    assertThatThrownBy(() -> jobs.get(old.id()))
        .isInstanceOf(PageException.class)
        .hasMessageStartingWith("There is no such work here");
  }

  @Test
  void aFewGoOnAtATimeAndTooManyAreRefused() throws InterruptedException {
    CountDownLatch end = new CountDownLatch(1);
    List<Job<Integer>> all = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      all.add(
          jobs.start(
              "waits",
              _ -> {
                await(end);
                return 0;
              }));
    }
    while (running(all) < 4) {
      Thread.sleep(1);
    }

    assertThat(running(all)).isEqualTo(4);
    assertThatThrownBy(() -> jobs.start("one more", _ -> 0))
        .hasMessageStartingWith("32 pieces of work go on or wait already");
    end.countDown();
    assertThat(all).allSatisfy(job -> assertThat(last(job).state().ended()).isTrue());
  }

  private static long running(List<Job<Integer>> all) {
    return all.stream().filter(job -> job.status().state() == JobStatus.State.RUNNING).count();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
