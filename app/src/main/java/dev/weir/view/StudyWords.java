package dev.weir.view;

import dev.weir.study.Budget;
import dev.weir.study.Comparison;
import dev.weir.study.Difference;
import dev.weir.study.Outcome;
import java.util.List;
import java.util.stream.Stream;

/// How comparisons are put into words and numbers, the same in sentences, tables and plots.
final class StudyWords {
  private StudyWords() {}

  static String equal(Budget budget) {
    return switch (budget) {
      case TOKENS -> "equal tokens";
      case FLOPS -> "equal FLOPs";
      case SECONDS -> "equal seconds";
      case PARAMETERS -> "equal parameters";
    };
  }

  static String seeds(int count) {
    return count == 1 ? "1 seed" : count + " seeds";
  }

  /// The difference in what the task is judged by: accuracy in percentage points, or loss in nats.
  static Difference judged(Comparison found) {
    return byAccuracy(found) ? percent(found.accuracy()) : found.loss();
  }

  static Difference percent(Difference share) {
    return new Difference(
        100 * share.mean(),
        100 * share.error(),
        percent(share.bootstrap()),
        percent(share.student()),
        share.level(),
        share.pairs());
  }

  private static Difference.Interval percent(Difference.Interval share) {
    return new Difference.Interval(100 * share.low(), 100 * share.high());
  }

  static boolean byAccuracy(Comparison found) {
    return found.contest().task().byAccuracy();
  }

  static String unit(Comparison found) {
    return byAccuracy(found) ? "points" : "nats";
  }

  /// `−0.1230 nats [−0.1950, −0.0510]`.
  static String measured(Comparison found) {
    Difference difference = judged(found);
    Difference.Interval whole = difference.whole();
    return "%s %s [%s, %s]"
        .formatted(
            NumberText.signed(difference.mean()),
            unit(found),
            NumberText.signed(whole.low()),
            NumberText.signed(whole.high()));
  }

  /// Why a contest has no winner although its runs are done.
  static String undecided(Comparison found) {
    List<Outcome> failed =
        Stream.concat(found.mine().stream(), found.theirs().stream())
            .filter(outcome -> !outcome.trouble().isEmpty())
            .toList();
    return failed.isEmpty()
        ? "%s give no interval".formatted(seeds(found.loss().pairs()))
        : "%d of %d runs failed: %s"
            .formatted(
                failed.size(),
                found.mine().size() + found.theirs().size(),
                failed.getFirst().trouble());
  }

  /// `95 %`, `99.17 %`.
  static String level(double level) {
    return NumberText.trimmed(100 * level) + " %";
  }
}
