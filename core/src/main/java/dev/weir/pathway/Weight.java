package dev.weir.pathway;

import dev.weir.tensor.Shape;
import java.util.List;

/// A weight that a pathway or a mixer calls for.
///
/// @param shape its axes
/// @param start what it is before training
/// @param decay whether weight decay draws it to zero: not for connection scalars, queries, gains
public record Weight(Shape shape, Start start, Decay decay) {

  /// What a weight is before training.
  public sealed interface Start {

    /// The same number everywhere.
    record Constant(double value) implements Start {}

    /// These numbers, row by row.
    record Numbers(List<Double> values) implements Start {
      public Numbers {
        values = List.copyOf(values);
      }
    }

    /// The identity, its rows dealt out to all axes but the last. It may be as wide as the stream,
    /// so it is not written out.
    record Identity() implements Start {}

    /// Independent normal draws.
    record Normal(double deviation) implements Start {}

    /// Independent draws from all numbers between `-bound` and `bound`, each as likely.
    record Uniform(double bound) implements Start {}
  }

  /// Whether weight decay acts.
  public enum Decay {
    /// It is left alone.
    OFF,
    /// It is drawn to zero.
    ON
  }

  /// A weight that starts as one number and is never decayed.
  ///
  /// @param shape its axes
  /// @param value the number
  public static Weight constant(Shape shape, double value) {
    return new Weight(shape, new Start.Constant(value), Decay.OFF);
  }

  /// A weight that starts as these numbers and is never decayed.
  ///
  /// @param shape its axes
  /// @param values row by row
  public static Weight numbers(Shape shape, List<Double> values) {
    return new Weight(shape, new Start.Numbers(values), Decay.OFF);
  }

  /// A matrix of normal draws that weight decay acts on.
  ///
  /// @param shape its axes
  /// @param deviation the standard deviation
  public static Weight matrix(Shape shape, double deviation) {
    return new Weight(shape, new Start.Normal(deviation), Decay.ON);
  }

  /// A vector that is 1 at one place and 0 elsewhere, never decayed.
  ///
  /// @param shape one axis
  /// @param place where the 1 stands
  public static Weight oneHot(Shape shape, int place) {
    Double[] values = new Double[(int) shape.elements()];
    java.util.Arrays.fill(values, 0.0);
    values[place] = 1.0;
    return numbers(shape, List.of(values));
  }
}
