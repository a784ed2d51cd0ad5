package dev.weir.study;

import dev.weir.study.Recommendation.Candidate;
import dev.weir.study.Recommendation.Standing;
import java.util.Comparator;

/// The rule by which a variant earns a goal of cost: it is counted to cost less at one size at
/// least, loses at no task, is shown to be worse by less than [#MARGIN], since that no difference
/// was found shows nothing, and the constraints leave it possible at one size at least.
final class CostRule {
  /// What a cheaper model may lose: nats, or the share of right answers. The published gains of
  /// pathways over the plain stream are 0.01 to 0.03 nats; what loses more than that costs more
  /// than any of them wins.
  static final double MARGIN = 0.02;

  private CostRule() {}

  /// What becomes of a candidate.
  static Standing standing(Evidence evidence) {
    if (evidence.prices().stream().noneMatch(Costs.Price::saves)) {
      return Standing.NOT_CHEAPER;
    }
    if (evidence.deciding().isEmpty() || evidence.hasAny(Comparison.Result.UNDECIDED)) {
      return Standing.UNDECIDED;
    }
    if (evidence.hasAny(Comparison.Result.LOSES)) {
      return Standing.LOSES;
    }
    if (evidence.isRuledOut()) {
      return Standing.RULED_OUT;
    }
    return evidence.deciding().stream().allMatch(c -> worst(c) <= MARGIN)
        ? Standing.EARNS_IT
        : Standing.NOT_SHOWN_AS_GOOD;
  }

  /// How much worse than the baseline a variant may be, by both intervals: nats, or a share of
  /// right answers.
  private static double worst(Comparison found) {
    return found.contest().task().byAccuracy()
        ? -found.accuracy().whole().low()
        : found.loss().whole().high();
  }

  /// The one with the lowest price at the size in the middle comes first.
  ///
  /// @param goal what is wanted
  /// @param study whose variants these are
  /// @param constraints what is run
  static Comparator<Candidate> bestFirst(Goal goal, Study study, Constraints constraints) {
    return Comparator.comparingDouble(
        c -> Costs.of(study, c.variant(), constraints).price(goal, Scale.Size.MEDIUM).both());
  }
}
