package dev.weir.train.task;

import dev.weir.WeirException;
import java.io.Serial;
import java.util.List;

/// A synthetic task that cannot be made.
public final class TaskException extends WeirException {
  @Serial private static final long serialVersionUID = 1L;

  private TaskException(String what, String where, String fix) {
    super(what, where, fix);
  }

  static TaskException unknownTask(String name, List<String> known) {
    return new TaskException(
        "There is no task '%s'".formatted(name), "task", "use one of " + String.join(", ", known));
  }

  static TaskException unknownParameter(String task, String name, List<String> known) {
    return new TaskException(
        "The task '%s' has no parameter '%s'".formatted(task, name),
        "task",
        "use one of " + String.join(", ", known));
  }

  static TaskException noSetting(String task, String text, String example) {
    return new TaskException(
        "'%s' sets no parameter of the task '%s'".formatted(text, task),
        "task",
        "write it like %s:%s".formatted(task, example));
  }

  static TaskException setTwice(String task, String name) {
    return new TaskException(
        "The parameter '%s' of the task '%s' is set twice".formatted(name, task),
        "task",
        "set it once");
  }

  static TaskException badSettings(String task, List<String> problems) {
    return new TaskException(
        String.join("; ", problems), "task " + task, "change what it names, or leave it out");
  }

  static TaskException noSuchToken(int token, int tokens, String task) {
    return new TaskException(
        "Token %d is not among the %d of this task".formatted(token, tokens),
        "task " + task,
        "use sequences of this task");
  }
}
