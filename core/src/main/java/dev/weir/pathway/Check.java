package dev.weir.pathway;

import java.util.ArrayList;
import java.util.List;

/// Collects everything that is wrong with a pathway's settings.
final class Check {
  private final List<String> problems = new ArrayList<>();

  Check atLeast(int least, String name, int value) {
    return that(value >= least, "%s is %d, but must be at least %d".formatted(name, value, least));
  }

  Check positive(String name, double value) {
    return that(value > 0, "%s is %s, but must be above 0".formatted(name, value));
  }

  Check that(boolean holds, String otherwise) {
    if (!holds) {
      problems.add(otherwise);
    }
    return this;
  }

  /// For pathways in which the MLP must see what attention of its block wrote.
  Check sequential(String name, Depth depth) {
    return that(
        !depth.parallel(),
        "%s needs blocks whose MLP reads after attention, but this model's read the same stream"
            .formatted(name));
  }

  List<String> problems() {
    return List.copyOf(problems);
  }
}
