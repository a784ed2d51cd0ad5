package dev.weir.study;

import dev.weir.study.Recommendation.Barrier;
import java.util.List;

/// What is known of a candidate before a rule judges it.
///
/// @param deciding how it did at the tasks that ask for the goal
/// @param beside the same where something else was made equal
/// @param controls how it did beside its own controls; empty where cost is asked for
/// @param prices what it costs, size by size; empty where quality is asked for
/// @param barriers where the constraints rule it out
record Evidence(
    List<Comparison> deciding,
    List<Comparison> beside,
    List<Comparison> controls,
    List<Costs.Price> prices,
    List<Barrier> barriers) {

  Evidence {
    deciding = List.copyOf(deciding);
    beside = List.copyOf(beside);
    controls = List.copyOf(controls);
    prices = List.copyOf(prices);
    barriers = List.copyOf(barriers);
  }

  /// Whether some deciding comparison came out so.
  boolean hasAny(Comparison.Result result) {
    return deciding.stream().anyMatch(c -> c.result() == result);
  }

  /// Whether every deciding comparison came out so; true where there is none.
  boolean hasOnly(Comparison.Result result) {
    return deciding.stream().allMatch(c -> c.result() == result);
  }

  /// Whether the constraints leave it possible at no size.
  boolean isRuledOut() {
    return barriers.stream().map(Barrier::size).distinct().count() == Scale.Size.values().length;
  }
}
