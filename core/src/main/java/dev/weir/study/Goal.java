package dev.weir.study;

import dev.weir.train.DataSettings;
import dev.weir.train.task.PermutationTracking;
import dev.weir.train.task.PointerChasing;
import dev.weir.train.task.Task;
import dev.weir.train.task.Tasks;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// What a user wants of another pathway or mixer.
public enum Goal {
  /// A stream that carries more from block to block.
  BETTER_SHORTCUT,
  /// Neighbouring positions meet by what they hold.
  LOCAL_MIXING,
  /// Later blocks find again what one block wrote.
  CROSS_DEPTH_RETRIEVAL,
  /// Training and decoding need less memory.
  LOWER_MEMORY,
  /// A token is decoded with less work.
  FASTER_DECODE;

  /// Its name in commands.
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// In words.
  public String words() {
    return label().replace('-', ' ');
  }

  /// Whether it is reached by a better model; else by a cheaper one that is no worse.
  public boolean isQuality() {
    return switch (this) {
      case BETTER_SHORTCUT, LOCAL_MIXING, CROSS_DEPTH_RETRIEVAL -> true;
      case LOWER_MEMORY, FASTER_DECODE -> false;
    };
  }

  /// Whether changing this can serve the goal.
  ///
  /// @param changes what a variant changes of the baseline
  boolean isServedBy(Set<Change> changes) {
    return changes.stream().anyMatch(this::isServedBy);
  }

  private boolean isServedBy(Change change) {
    return switch (this) {
      case BETTER_SHORTCUT -> change == Change.SHORTCUT || change == Change.LANES;
      case LOCAL_MIXING -> change == Change.LOCAL_MIXING;
      case CROSS_DEPTH_RETRIEVAL -> change == Change.DEPTH_READ || change == Change.FIRST_VALUES;
      case LOWER_MEMORY, FASTER_DECODE -> true;
    };
  }

  /// The budgets under which its question is decided, the best first. A better model must earn its
  /// operations, so those are made equal. A cheaper one is priced by itself, so it must be as good
  /// after the same tokens.
  List<Budget> budgets() {
    return isQuality()
        ? List.of(Budget.FLOPS, Budget.TOKENS, Budget.SECONDS, Budget.PARAMETERS)
        : List.of(Budget.TOKENS, Budget.FLOPS, Budget.SECONDS, Budget.PARAMETERS);
  }

  /// Whether a task asks for it. Texts ask for everything. Tasks that chain steps, each from what
  /// the one before found, are about depth; all others about which positions meet.
  ///
  /// @param task what was learned
  boolean isAskedBy(StudyTask task) {
    boolean chained =
        DataSettings.task(task.source()).map(Tasks::parse).filter(Goal::isChained).isPresent();
    return switch (this) {
      case BETTER_SHORTCUT, LOWER_MEMORY, FASTER_DECODE -> true;
      case LOCAL_MIXING -> !chained;
      case CROSS_DEPTH_RETRIEVAL -> chained || !task.byAccuracy();
    };
  }

  /// Whether some task asks for it and for nothing else, as texts do not.
  ///
  /// @param study whose tasks
  boolean isAskedByItself(Study study) {
    return study.tasks().stream().anyMatch(task -> task.byAccuracy() && isAskedBy(task));
  }

  private static boolean isChained(Task task) {
    return task instanceof PointerChasing || task instanceof PermutationTracking;
  }
}
