package dev.weir.train;

/// How fast a run learns over its steps: up a straight line, then down half a cosine (Loshchilov &
/// Hutter 2016, arXiv:1608.03983, equation 5, without restarts).
///
/// @param steps how many steps the run has
/// @param warmup how many of them go up
/// @param peak the highest learning rate
/// @param floor the learning rate of the last step
public record Schedule(int steps, int warmup, double peak, double floor) {

  public Schedule {
    if (steps < 1 || warmup < 0 || warmup >= steps || !(floor >= 0) || !(peak >= floor)) {
      throw TrainException.badSchedule(steps, warmup, peak, floor);
    }
  }

  /// The learning rate of a step.
  ///
  /// @param step from 0
  public double at(int step) {
    if (step < warmup) {
      return peak * (step + 1) / warmup;
    }
    double done = Math.min(1, (step - warmup) / Math.max(1.0, steps - warmup - 1.0));
    return floor + (peak - floor) * (1 + Math.cos(Math.PI * done)) / 2;
  }
}
