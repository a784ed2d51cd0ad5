package dev.weir.study;

import dev.weir.study.Recommendation.Candidate;
import dev.weir.study.Recommendation.Standing;
import java.util.Comparator;

/// The rule by which a variant earns a goal of quality: it wins at one task at least that asks for
/// it, loses at none of them, its own control does not win as well unless it is beaten, and the
/// constraints leave it possible at one size at least.
final class QualityRule {
  private final HeadToHead headToHead;

  /// A rule.
  ///
  /// @param headToHead how controls did beside the baseline
  QualityRule(HeadToHead headToHead) {
    this.headToHead = headToHead;
  }

  /// What becomes of a candidate.
  Standing standing(Evidence evidence) {
    if (evidence.hasOnly(Comparison.Result.UNDECIDED)) {
      return Standing.UNDECIDED;
    }
    boolean loses = evidence.hasAny(Comparison.Result.LOSES);
    if (!evidence.hasAny(Comparison.Result.WINS)) {
      return loses ? Standing.LOSES : Standing.NO_DIFFERENCE_FOUND;
    }
    if (loses) {
      return Standing.WINS_AND_LOSES;
    }
    if (evidence.deciding().stream().noneMatch(c -> isItsOwn(c, evidence))) {
      return Standing.CONTROL_WINS_TOO;
    }
    return evidence.isRuledOut() ? Standing.RULED_OUT : Standing.EARNS_IT;
  }

  /// Whether a comparison is won, and no control wins as well without being beaten.
  private boolean isItsOwn(Comparison found, Evidence evidence) {
    return found.result() == Comparison.Result.WINS
        && evidence.controls().stream()
            .filter(beside -> beside.contest().task().equals(found.contest().task()))
            .noneMatch(beside -> beside.result() != Comparison.Result.WINS && winsToo(beside));
  }

  /// Whether the control of a comparison wins over the baseline.
  private boolean winsToo(Comparison beside) {
    return headToHead
        .withBaseline(beside.contest().against(), beside.contest())
        .filter(c -> c.result() == Comparison.Result.WINS)
        .isPresent();
  }

  /// The one that wins at most tasks comes first, then the one with the lowest mean loss.
  static Comparator<Candidate> bestFirst() {
    return Comparator.comparingLong(QualityRule::notWon).thenComparingDouble(QualityRule::meanLoss);
  }

  /// At how many tasks a candidate does not win.
  private static long notWon(Candidate candidate) {
    return candidate.deciding().stream().filter(c -> c.result() != Comparison.Result.WINS).count();
  }

  private static double meanLoss(Candidate candidate) {
    return candidate.deciding().stream().mapToDouble(c -> c.loss().mean()).average().orElse(0);
  }
}
