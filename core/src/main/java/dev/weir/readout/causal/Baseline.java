package dev.weir.readout.causal;

import dev.weir.readout.Estimate;

/// The metric of the two runs themselves, over all pairs so far.
final class Baseline {
  private final Effect clean = new Effect();
  private final Effect corrupt = new Effect();
  private final Effect between = new Effect();

  void add(PairRuns runs) {
    for (int pair = 0; pair < runs.pairs().size(); pair++) {
      clean.add(runs.clean(pair), 1);
      corrupt.add(runs.corrupt(pair), 1);
      between.add(runs.source(pair) - runs.base(pair), 1);
    }
  }

  Estimate clean() {
    return clean.moved();
  }

  Estimate corrupt() {
    return corrupt.moved();
  }

  /// Complains where there is no effect to be brought back.
  void requireDistance(Metric metric) {
    if (between.count() == 0) {
      throw CausalException.noPairs();
    }
    if (between.moved().mean() == 0) {
      throw CausalException.noDistance(metric.words());
    }
  }
}
