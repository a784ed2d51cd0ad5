package dev.weir.study;

import dev.weir.WeirException;
import dev.weir.model.TransformerCost;
import dev.weir.train.RunFolder;
import dev.weir.train.RunPlan;
import dev.weir.train.TrainException;
import dev.weir.train.TrainingData;
import dev.weir.train.TrainingParts;
import dev.weir.train.TrainingRun;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/// Trains what is not trained yet, run after run. Several may work in one folder, in one process or
/// many, on one machine or on all that see the folder.
public final class StudyWorker {
  private final StudyFolder folder;
  private final Function<StudyRun, TrainingParts> parts;

  /// A worker.
  ///
  /// @param folder where the study is
  public StudyWorker(StudyFolder folder) {
    this(folder, _ -> TrainingParts.usual());
  }

  /// A worker that trains some runs otherwise.
  ///
  /// @param folder where the study is
  /// @param parts who takes part in a run
  StudyWorker(StudyFolder folder, Function<StudyRun, TrainingParts> parts) {
    this.folder = folder;
    this.parts = parts;
  }

  /// Told how the study goes on.
  public interface Listener {

    /// One that does not listen.
    static Listener silent() {
      return new Listener() {
        @Override
        public void stepped(StudyRun run, int step) {}

        @Override
        public void finished(Outcome outcome) {}
      };
    }

    /// A step of a run is done.
    ///
    /// @param run which run
    /// @param step how many of its steps are done
    void stepped(StudyRun run, int step);

    /// A run is done.
    ///
    /// @param outcome what came of it
    void finished(Outcome outcome);
  }

  /// Works until every run is done or taken by another, or somebody says stop. A loss that is no
  /// number any more is an outcome too.
  ///
  /// @param plan the study's plan
  /// @param listener told how it goes on
  /// @param stop whether to stop after the step
  /// @throws WeirException if something cannot be read or written; what is done stays done
  public void work(StudyPlan plan, Listener listener, BooleanSupplier stop) {
    boolean found = true;
    while (found && !stop.getAsBoolean()) {
      found = false;
      for (StudyRun run : plan.runs()) {
        found |= !stop.getAsBoolean() && tried(plan, run, listener, stop);
      }
    }
  }

  /// Works until every run is done, whoever does it, or somebody says stop: takes over what others
  /// have to leave.
  ///
  /// @param plan the study's plan
  /// @param listener told how it goes on
  /// @param stop whether to stop after the step
  /// @throws WeirException if something cannot be read or written; what is done stays done
  public void workToTheEnd(StudyPlan plan, Listener listener, BooleanSupplier stop) {
    work(plan, listener, stop);
    while (!stop.getAsBoolean() && plan.runs().stream().anyMatch(run -> !folder.isDone(run))) {
      StudyFolder.glance();
      work(plan, listener, stop);
    }
  }

  /// Works on one run until it is done or somebody says stop; does nothing if it is done already or
  /// taken by another.
  ///
  /// @param plan the study's plan
  /// @param run which of its runs
  /// @param listener told how it goes on
  /// @param stop whether to stop after the step
  /// @throws WeirException if something cannot be read or written
  public void work(StudyPlan plan, StudyRun run, Listener listener, BooleanSupplier stop) {
    var _ = tried(plan, run, listener, stop);
  }

  /// Whether there was something to do.
  private boolean tried(StudyPlan plan, StudyRun run, Listener listener, BooleanSupplier stop) {
    if (folder.isDone(run)) {
      return false;
    }
    Optional<Claim> claim = folder.take(run);
    claim.ifPresent(held -> {
      try (held) {
        take(plan, run, listener, stop);
      }
    });
    return claim.isPresent();
  }

  private void take(StudyPlan plan, StudyRun run, Listener listener, BooleanSupplier stop) {
    if (folder.isDone(run)) {
      return;
    }
    RunFolder place = folder.begin(run);
    TrainingData data = place.data();
    try (TrainingRun training = place.start(data, parts(run))) {
      if (train(run, place, training, listener, stop)) {
        if (plan.looksInto(run)) {
          folder.keep(run, InsideReader.of(run, training.model(), data));
        }
        Outcome outcome = Outcome.of(run, training.model().parameters().count(), place.steps());
        finish(run, outcome, listener);
      }
    }
  }

  /// Whether the run is trained to its end.
  private boolean train(
      StudyRun run,
      RunFolder place,
      TrainingRun training,
      Listener listener,
      BooleanSupplier stop) {
    try {
      place.run(training, step -> listener.stepped(run, step.step()), stop);
    } catch (TrainException e) {
      if (!e.isDivergence()) {
        throw e;
      }
      finish(run, Outcome.failed(run, e.getMessage()), listener);
      return false;
    }
    return training.isDone();
  }

  private void finish(StudyRun run, Outcome outcome, Listener listener) {
    folder.keep(run, outcome);
    listener.finished(outcome);
  }

  private TrainingParts parts(StudyRun run) {
    RunPlan plan = run.plan();
    return parts
        .apply(run)
        .withFlopsPerToken(
            TransformerCost.trainingFlopsPerToken(
                plan.model().spec(), plan.training().batching().window()));
  }
}
