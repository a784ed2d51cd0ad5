package dev.weir.train.task;

import java.util.List;
import java.util.Optional;

/// The tasks that there are. A new one is a class that implements [Task] and a line here.
public final class Tasks {

  private Tasks() {}

  /// All kinds, in the order in which they are listed.
  public static List<TaskKind> all() {
    return List.of(
        AssociativeRecall.KIND,
        Copying.KIND,
        PermutationTracking.KIND,
        PointerChasing.KIND,
        ModularAddition.KIND,
        Mess3.KIND,
        RandomRandomXor.KIND);
  }

  /// The names of all kinds.
  public static List<String> names() {
    return all().stream().map(TaskKind::name).toList();
  }

  /// Whether a text begins with the name of a task, as `mqar` and `mqar:pairs=8` do.
  ///
  /// @param text what a user wrote for data
  public static boolean claims(String text) {
    return kind(text).isPresent();
  }

  private static Optional<TaskKind> kind(String text) {
    String name = head(text);
    return all().stream().filter(kind -> kind.name().equals(name)).findFirst();
  }

  private static String head(String text) {
    int colon = text.indexOf(':');
    return (colon < 0 ? text : text.substring(0, colon)).strip();
  }

  /// The task of this name and these settings.
  ///
  /// @param text `mqar`, or `mqar:pairs=8,queries=4`
  /// @throws TaskException if there is no such task, or it cannot be set so
  public static Task parse(String text) {
    TaskKind kind = kind(text).orElseThrow(() -> TaskException.unknownTask(head(text), names()));
    int colon = text.indexOf(':');
    return kind.of(colon < 0 ? "" : text.substring(colon + 1));
  }
}
