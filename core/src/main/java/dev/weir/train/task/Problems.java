package dev.weir.train.task;

import java.util.ArrayList;
import java.util.List;

/// What does not fit together in a task's settings, told all at once.
final class Problems {
  private final String task;
  private final List<String> found = new ArrayList<>();

  Problems(String task) {
    this.task = task;
  }

  void when(boolean wrong, String problem) {
    if (wrong) {
      found.add(problem);
    }
  }

  void report() {
    if (!found.isEmpty()) {
      throw TaskException.badSettings(task, found);
    }
  }
}
