package dev.weir.train;

/// How fast a run learns over its steps.
public sealed interface Schedule {

  /// How many steps the run has.
  int steps();

  /// How many of them go up.
  int warmup();

  /// The highest learning rate.
  double peak();

  /// The learning rate of the last step.
  double floor();

  /// The learning rate of a step.
  ///
  /// @param step from 0
  default double at(int step) {
    return step < warmup() ? peak() * (step + 1) / warmup() : afterWarmup(step);
  }

  /// The learning rate of a step that is not of the warm-up.
  ///
  /// @param step from 0
  double afterWarmup(int step);

  /// Up a straight line, then down half a cosine (Loshchilov & Hutter 2016, arXiv:1608.03983,
  /// equation 5, without restarts).
  ///
  /// @param steps how many steps the run has
  /// @param warmup how many of them go up
  /// @param peak the highest learning rate
  /// @param floor the learning rate of the last step
  record Cosine(int steps, int warmup, double peak, double floor) implements Schedule {

    public Cosine {
      check(steps, warmup, 0, peak, floor);
    }

    @Override
    public double afterWarmup(int step) {
      double done = Math.min(1, (step - warmup) / Math.max(1.0, steps - warmup - 1.0));
      return floor + (peak - floor) * (1 + Math.cos(Math.PI * done)) / 2;
    }
  }

  /// Warm-up, stable, decay: up a straight line, level, down a straight line (Hu et al. 2024,
  /// arXiv:2404.06395, section 4, with the line of Hägele et al. 2024, arXiv:2405.18392). The level
  /// part can be made longer without changing what went before.
  ///
  /// @param steps how many steps the run has
  /// @param warmup how many of them go up
  /// @param decay how many of them go down
  /// @param peak the highest learning rate
  /// @param floor the learning rate of the last step
  record WarmupStableDecay(int steps, int warmup, int decay, double peak, double floor)
      implements Schedule {

    public WarmupStableDecay {
      check(steps, warmup, decay, peak, floor);
    }

    @Override
    public double afterWarmup(int step) {
      double left = Math.max(0, steps - 1.0 - step);
      return left >= decay ? peak : floor + (peak - floor) * left / decay;
    }
  }

  private static void check(int steps, int warmup, int decay, double peak, double floor) {
    boolean room = steps >= 1 && warmup >= 0 && decay >= 0 && (long) warmup + decay < steps;
    boolean rates = floor >= 0 && peak >= floor && peak < Double.POSITIVE_INFINITY;
    if (!room || !rates) {
      throw TrainException.badSchedule(steps, warmup, decay, peak, floor);
    }
  }
}
