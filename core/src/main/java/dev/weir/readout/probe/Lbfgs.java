package dev.weir.readout.probe;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;

/// Finds the minimum of a smooth convex function from its values and gradients, always by the same
/// steps (limited-memory BFGS, Nocedal 1980; Nocedal & Wright 2006, algorithm 7.4).
final class Lbfgs {
  private static final int MEMORY = 10;
  private static final int MOST_HALVINGS = 40;
  private static final double SUFFICIENT = 1e-4;

  private Lbfgs() {}

  /// A value and its gradient.
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  record Value(double value, double[] gradient) {}

  /// What is to be made small.
  interface Objective {
    /// At a point.
    Value at(double[] point);
  }

  /// A step and how the gradient changed along it.
  @SuppressWarnings("ArrayRecordComponent") // Numbers to read, never compared as a whole.
  private record Step(double[] along, double[] change, double inverse) {}

  /// The minimum.
  ///
  /// @param start where to begin
  /// @param bound how large the largest component of the gradient may be at the end
  /// @param most how many steps it may take
  static double[] minimum(Objective objective, double[] start, double bound, int most) {
    double[] point = start;
    Value here = objective.at(point);
    Deque<Step> steps = new ArrayDeque<>();
    for (int taken = 0; largest(here.gradient) > bound; taken++) {
      if (taken == most) {
        throw ProbeException.noConvergence(most);
      }
      double[] direction = direction(here.gradient, steps);
      double slope = dot(direction, here.gradient);
      double length = steps.isEmpty() ? Math.min(1, 1 / norm(here.gradient)) : 1;
      double[] next = plus(point, direction, length);
      Value there = objective.at(next);
      for (int halved = 0;
          there.value > here.value + SUFFICIENT * length * slope && halved < MOST_HALVINGS;
          halved++) {
        length /= 2;
        next = plus(point, direction, length);
        there = objective.at(next);
      }
      if (there.value >= here.value && largest(there.gradient) >= largest(here.gradient)) {
        return point; // Rounding leaves nothing to win.
      }
      remember(steps, minus(next, point), minus(there.gradient, here.gradient));
      point = next;
      here = there;
    }
    return point;
  }

  private static void remember(Deque<Step> steps, double[] along, double[] change) {
    double curvature = dot(along, change);
    if (curvature > 0) {
      steps.addLast(new Step(along, change, 1 / curvature));
      if (steps.size() > MEMORY) {
        steps.removeFirst();
      }
    }
  }

  /// Minus the gradient, times what is known of the inverse of the second derivative.
  private static double[] direction(double[] gradient, Deque<Step> steps) {
    double[] q = gradient.clone();
    double[] alphas = new double[steps.size()];
    int i = steps.size();
    for (Iterator<Step> newest = steps.descendingIterator(); newest.hasNext(); ) {
      Step step = newest.next();
      alphas[--i] = step.inverse * dot(step.along, q);
      q = plus(q, step.change, -alphas[i]);
    }
    if (!steps.isEmpty()) {
      Step last = steps.getLast();
      double scale = 1 / (last.inverse * dot(last.change, last.change));
      q = Arrays.stream(q).map(number -> number * scale).toArray();
    }
    for (Step step : steps) {
      q = plus(q, step.along, alphas[i++] - step.inverse * dot(step.change, q));
    }
    return Arrays.stream(q).map(number -> -number).toArray();
  }

  private static double largest(double[] numbers) {
    return Arrays.stream(numbers).map(Math::abs).max().orElse(0);
  }

  private static double norm(double[] a) {
    return Math.sqrt(dot(a, a));
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double[] plus(double[] a, double[] b, double factor) {
    double[] sum = new double[a.length];
    Arrays.setAll(sum, i -> a[i] + factor * b[i]);
    return sum;
  }

  private static double[] minus(double[] a, double[] b) {
    return plus(a, b, -1);
  }
}
