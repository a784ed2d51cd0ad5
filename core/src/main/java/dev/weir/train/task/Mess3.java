package dev.weir.train.task;

import java.util.List;

/// The Mess3 process (Shai et al. 2024, arXiv:2405.15943, after Marzen and Crutchfield): three
/// hidden states and three symbols. The process stays in its state with chance `1 - 2x` and moves
/// to each other one with chance `x`; it then emits the symbol of the state it is in with chance
/// `a` and each other one with chance `(1 - a) / 2`. The beliefs form a fractal.
///
/// @param x how likely a move to one of the other states is
/// @param a how likely the symbol of the state is
/// @param length how many symbols are read
public record Mess3(double x, double a, int length) implements BeliefTask {
  static final TaskKind KIND =
      new TaskKind(
          "mess3",
          "a hidden Markov process of three states, with exact beliefs",
          "Shai et al. 2024, arXiv:2405.15943",
          List.of(
              Parameter.real("x", 0.05, 0, 0.5, "chance of a move to one other state"),
              Parameter.real("a", 0.85, 0, 1, "chance of the state's own symbol"),
              Parameter.whole("length", 10, 1, 65_536, "symbols read")),
          s -> new Mess3(s.real("x"), s.real("a"), s.whole("length")));

  private static final int STATES = 3;

  public Mess3 {
    KIND.checked(x, a, length);
  }

  @Override
  public String name() {
    return KIND.spelled(x, a, length);
  }

  @Override
  public List<String> tokens() {
    return List.of("A", "B", "C");
  }

  @Override
  public HiddenMarkovProcess process() {
    double[][][] transitions = new double[STATES][STATES][STATES];
    for (int symbol = 0; symbol < STATES; symbol++) {
      for (int state = 0; state < STATES; state++) {
        for (int next = 0; next < STATES; next++) {
          double move = next == state ? 1 - 2 * x : x;
          transitions[symbol][state][next] = move * (next == symbol ? a : (1 - a) / 2);
        }
      }
    }
    return new HiddenMarkovProcess(transitions);
  }
}
