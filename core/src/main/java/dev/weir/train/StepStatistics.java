package dev.weir.train;

import dev.weir.stream.Hooks;
import java.util.Map;

/// Looks at values of a training step's forward passes, every so many steps, for the log: how wide
/// gates are open, where routing weights lie.
public interface StepStatistics {

  /// Who looks. It changes nothing.
  Hooks watching();

  /// What was seen since the last call, by the name of the value.
  Map<String, Summary> take();

  /// Numbers in brief.
  ///
  /// @param mean their mean
  /// @param deviation their standard deviation
  /// @param least the smallest
  /// @param greatest the largest
  record Summary(double mean, double deviation, double least, double greatest) {}

  /// Nobody looks.
  static StepStatistics none() {
    return new None();
  }

  /// Nobody looks.
  record None() implements StepStatistics {
    @Override
    public Hooks watching() {
      return Hooks.none();
    }

    @Override
    public Map<String, Summary> take() {
      return Map.of();
    }
  }
}
