package dev.weir.study;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// What the learning rates of a sweep gave: one side of a contest, rate by rate.
///
/// The rate whose mean loss over seeds is lowest is chosen, also where accuracy decides, as many
/// rates may be right equally often. A rate at which a run failed is chosen only if one failed at
/// every rate. The chosen loss is the least of several noisy means, read from the same runs that
/// are compared afterwards, so it flatters. Both sides choose among as many rates, which takes most
/// of that out of their difference, but not all: the noisier side gains more.
///
/// @param rates from the lowest, at least one
/// @param chosen the index of the chosen one
public record Sweep(List<Rate> rates, int chosen) {
  public Sweep {
    rates = List.copyOf(rates);
  }

  /// What one learning rate gave.
  ///
  /// @param rate what the recipe's rate was multiplied with
  /// @param outcomes seed by seed
  public record Rate(double rate, List<Outcome> outcomes) {
    public Rate {
      outcomes = outcomes.stream().sorted(Comparator.comparingLong(Outcome::seed)).toList();
    }

    /// The mean over seeds at the end, nats; NaN if a run failed.
    public double loss() {
      return outcomes.stream().mapToDouble(o -> o.end().loss()).average().orElseThrow();
    }

    /// How many runs failed.
    public long failed() {
      return outcomes.stream().filter(o -> Double.isNaN(o.end().loss())).count();
    }
  }

  /// Of one side's outcomes.
  ///
  /// @param outcomes of one variant at one task, as many for each rate, at least one
  static Sweep of(Collection<Outcome> outcomes) {
    Map<Double, List<Outcome>> byRate = new TreeMap<>();
    outcomes.forEach(o -> byRate.computeIfAbsent(o.rate(), _ -> new ArrayList<>()).add(o));
    List<Rate> rates = new ArrayList<>();
    byRate.forEach((rate, found) -> rates.add(new Rate(rate, found)));
    // What is no number compares as the largest of all.
    int chosen =
        IntStream.range(0, rates.size())
            .boxed()
            .min(Comparator.comparingDouble(i -> rates.get(i).loss()))
            .orElseThrow();
    return new Sweep(rates, chosen);
  }

  /// The chosen rate.
  public Rate best() {
    return rates.get(chosen);
  }

  /// Whether a better rate may lie outside the sweep: the chosen one is its lowest or highest.
  public boolean isAtItsEdge() {
    return rates.size() > 1
        && (chosen == 0 || chosen == rates.size() - 1)
        && !Double.isNaN(best().loss());
  }
}
