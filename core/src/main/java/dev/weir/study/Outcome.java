package dev.weir.study;

import dev.weir.train.Look;
import dev.weir.train.TrainingStep;
import java.util.ArrayList;
import java.util.List;

/// What came of a run.
///
/// @param run its id
/// @param variant who was trained
/// @param task what it learned
/// @param seed where its luck came from
/// @param rate what the learning rate was multiplied with
/// @param steps how many steps
/// @param tokens how many tokens were predicted
/// @param flops how many floating-point operations that took
/// @param seconds how long its steps took, looks left out
/// @param parameters how many weights
/// @param end how well it did at the end on what it was not trained on
/// @param curve how well it did on the way
/// @param trouble why it could not be done; empty if nothing was
public record Outcome(
    String run,
    String variant,
    String task,
    long seed,
    double rate,
    int steps,
    long tokens,
    double flops,
    double seconds,
    long parameters,
    Look end,
    List<Point> curve,
    String trouble) {

  public Outcome {
    curve = List.copyOf(curve);
  }

  /// A look on the way.
  ///
  /// @param tokens read until then
  /// @param flops spent until then
  /// @param seconds trained until then
  /// @param look how well it did
  public record Point(long tokens, double flops, double seconds, Look look) {}

  /// Of a run's log.
  ///
  /// @param run the run
  /// @param parameters how many weights
  /// @param log its steps
  static Outcome of(StudyRun run, long parameters, List<TrainingStep> log) {
    double seconds = 0;
    long before = 0;
    List<Point> curve = new ArrayList<>();
    for (TrainingStep step : log) {
      seconds += (step.tokens() - before) / step.tokensPerSecond();
      before = step.tokens();
      double now = seconds;
      step.validation()
          .ifPresent(look -> curve.add(new Point(step.tokens(), step.flops(), now, look)));
    }
    TrainingStep last = log.getLast();
    return new Outcome(
        run.id(),
        run.variant().name(),
        run.task().name(),
        run.seed(),
        run.rate(),
        last.step(),
        last.tokens(),
        last.flops(),
        seconds,
        parameters,
        curve.getLast().look(),
        curve,
        "");
  }

  /// Of a run that went wrong.
  ///
  /// @param run the run
  /// @param reason one line
  static Outcome failed(StudyRun run, String reason) {
    Look none = new Look(Double.NaN, Double.NaN);
    return new Outcome(
        run.id(),
        run.variant().name(),
        run.task().name(),
        run.seed(),
        run.rate(),
        0,
        0,
        0,
        0,
        0,
        none,
        List.of(),
        reason);
  }
}
