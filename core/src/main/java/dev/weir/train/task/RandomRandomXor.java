package dev.weir.train.task;

import java.util.List;

/// The random-random-XOR process, RRXOR (Shai et al. 2024, arXiv:2405.15943): two bits of luck,
/// then their exclusive or, again and again. Where a text begins in this round of three is not
/// known at first. Once it is, only two bits in three are uncertain: `2/3 ln 2` nats.
///
/// The hidden states are, in order: a round begins; the first bit was 0; it was 1; the exclusive or
/// is 1; it is 0.
///
/// @param length how many bits are read
public record RandomRandomXor(int length) implements BeliefTask {
  static final TaskKind KIND =
      new TaskKind(
          "rrxor",
          "two random bits and their exclusive or, with exact beliefs",
          "Shai et al. 2024, arXiv:2405.15943",
          List.of(Parameter.whole("length", 10, 1, 65_536, "bits read")),
          s -> new RandomRandomXor(s.whole("length")));

  private static final int START = 0;
  private static final int ONE = 3;
  private static final int ZERO = 4;

  public RandomRandomXor {
    KIND.checked(length);
  }

  @Override
  public String name() {
    return KIND.spelled(length);
  }

  @Override
  public List<String> tokens() {
    return List.of("0", "1");
  }

  @Override
  public HiddenMarkovProcess process() {
    double[][][] transitions = new double[2][5][5];
    for (int first = 0; first < 2; first++) {
      transitions[first][START][1 + first] = 0.5;
      for (int second = 0; second < 2; second++) {
        transitions[second][1 + first][first == second ? ZERO : ONE] = 0.5;
      }
    }
    transitions[1][ONE][START] = 1;
    transitions[0][ZERO][START] = 1;
    return new HiddenMarkovProcess(transitions);
  }
}
