package dev.weir.train;

import dev.weir.WeirException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import tools.jackson.core.JacksonException;

/// One small model and one thing to learn.
///
/// @param learner what the model is called, for instance its pathway
/// @param model what it is made of
/// @param lesson what it is to learn
public record Trial(String learner, ModelSettings model, Lesson lesson) {

  /// What came of a trial.
  ///
  /// @param learner what the model is called
  /// @param lesson what it was to learn
  /// @param asked everything that the outcome depends on, in one line
  /// @param start how well it did before the first step
  /// @param end how well it did when it stopped
  /// @param measure what the bar was held against, see [Lesson.Bar#measure]
  /// @param reached whether the bar was reached
  /// @param steps after how many steps it stopped: as soon as a look found the bar reached
  /// @param parameters how many numbers the model has
  /// @param seconds how long it took, as the given clock runs
  /// @param trouble why it could not be done or went wrong; empty if nothing was
  public record Outcome(
      String learner,
      String lesson,
      String asked,
      Look start,
      Look end,
      double measure,
      boolean reached,
      int steps,
      long parameters,
      double seconds,
      String trouble) {}

  /// Everything that the outcome depends on, in one line.
  public String asked() {
    return "%s; %s; %s; %s".formatted(model, lesson.training(), lesson.bar(), lesson.digest());
  }

  /// The outcome that a file holds, if it is of this very trial. A file that was damaged is as good
  /// as none.
  ///
  /// @param file where an outcome was written to
  public Optional<Outcome> done(Path file) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(TrainJson.read(file, Outcome.class))
          .filter(outcome -> outcome.asked.equals(asked()));
    } catch (JacksonException | WeirException _) {
      return Optional.empty();
    }
  }

  /// Writes an outcome, whole or not at all.
  ///
  /// @param outcome what came of a trial
  /// @param file where to; its folder must exist
  /// @throws WeirException if it cannot be written
  public static void write(Outcome outcome, Path file) {
    TrainJson.write(file, outcome);
  }

  /// Trains until a look at the validation data finds the bar reached or the schedule ends.
  ///
  /// @param nanos tells the time
  /// @param listener told of each step
  /// @param stop whether to give up after the step
  /// @return what came of it; empty if it was given up. A combination that is refused and a loss
  ///   that is no number are outcomes too
  public Optional<Outcome> run(
      LongSupplier nanos, TrainingRun.Listener listener, BooleanSupplier stop) {
    long began = nanos.getAsLong();
    try (TrainingRun run =
        new TrainingRun(model.spec(), lesson.data(), lesson.training(), TrainingParts.usual())) {
      Look start = run.look();
      Look now = start;
      String trouble = "";
      try {
        while (!run.isDone() && !lesson.bar().isReached(start, now)) {
          if (stop.getAsBoolean()) {
            return Optional.empty();
          }
          TrainingStep step = run.step();
          now = step.validation().orElse(now);
          listener.stepped(step);
        }
      } catch (TrainException e) {
        trouble = e.getMessage();
      }
      double seconds = (nanos.getAsLong() - began) / 1e9;
      return Optional.of(outcome(run, start, now, seconds, trouble));
    } catch (WeirException e) {
      return Optional.of(refused(e));
    }
  }

  private Outcome outcome(TrainingRun run, Look start, Look now, double seconds, String trouble) {
    return new Outcome(
        learner,
        lesson.name(),
        asked(),
        start,
        now,
        lesson.bar().measure(start, now),
        trouble.isEmpty() && lesson.bar().isReached(start, now),
        run.steps(),
        run.model().parameters().count(),
        seconds,
        trouble);
  }

  private Outcome refused(WeirException reason) {
    Look none = new Look(0, 0);
    return new Outcome(
        learner,
        lesson.name(),
        asked(),
        none,
        none,
        0,
        false,
        0,
        0,
        0,
        String.valueOf(reason.getMessage()));
  }
}
