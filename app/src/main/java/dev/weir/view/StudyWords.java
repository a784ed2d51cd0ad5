package dev.weir.view;

import dev.weir.study.Comparison;
import dev.weir.study.Difference;
import dev.weir.study.Outcome;
import java.util.List;
import java.util.stream.Stream;

/// How comparisons are put into words and numbers, the same in sentences, tables and plots.
final class StudyWords {
  private StudyWords() {}

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
    return "%s [%s]".formatted(difference(found), interval(found));
  }

  /// `−0.1230 nats`, `+4.05 points`.
  static String difference(Comparison found) {
    return "%s %s".formatted(signed(found, judged(found).mean()), unit(found));
  }

  /// `−0.1950, −0.0510`.
  static String interval(Comparison found) {
    Difference.Interval whole = judged(found).whole();
    return "%s, %s".formatted(signed(found, whole.low()), signed(found, whole.high()));
  }

  /// All of one measure with as many decimals: four for nats, two for percentage points.
  private static String signed(Comparison found, double value) {
    return NumberText.signed(value, byAccuracy(found) ? 2 : 4);
  }

  /// `one, two and three`.
  static String listed(List<String> items) {
    return items.size() < 2
        ? String.join("", items)
        : String.join(", ", items.subList(0, items.size() - 1)) + " and " + items.getLast();
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
