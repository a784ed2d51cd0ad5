package dev.weir.study;

import java.util.Map;
import java.util.Objects;

/// How long a step takes on this machine, by variant and task. It is measured once for a study and
/// kept, so that a study that goes on later compares by the same clock.
///
/// @param secondsPerStep by `variant / task`
public record Pace(Map<String, Double> secondsPerStep) {
  public Pace {
    secondsPerStep = Map.copyOf(secondsPerStep);
  }

  /// The name of a variant at a task.
  static String key(Variant variant, StudyTask task) {
    return variant.name() + " / " + task.name();
  }

  /// Seconds for a step.
  ///
  /// @param variant who is trained
  /// @param task what it learns
  double of(Variant variant, StudyTask task) {
    return Objects.requireNonNull(secondsPerStep.get(key(variant, task)));
  }
}
