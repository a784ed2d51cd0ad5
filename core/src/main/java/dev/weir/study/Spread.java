package dev.weir.study;

import java.util.List;

/// What came out of measuring the same thing several times.
///
/// @param median the middle one; of an even number, the mean of the middle two
/// @param least the smallest
/// @param most the largest
public record Spread(double median, double least, double most) {

  /// Of some rounds.
  ///
  /// @param rounds what each gave, at least one
  static Spread of(List<Double> rounds) {
    List<Double> sorted = rounds.stream().sorted().toList();
    int count = sorted.size();
    double median = (sorted.get((count - 1) / 2) + sorted.get(count / 2)) / 2;
    return new Spread(median, sorted.getFirst(), sorted.getLast());
  }

  /// How many there are of something in a unit of what was measured: tokens per second, from
  /// seconds.
  ///
  /// @param amount how many there were each time
  public Spread rateOf(double amount) {
    return new Spread(amount / median, amount / most, amount / least);
  }
}
