package dev.weir.train.task;

import dev.weir.train.Example;
import java.util.Arrays;
import java.util.SplittableRandom;

/// Predicting a hidden Markov process (Shai et al. 2024, arXiv:2405.15943). All predictions count.
/// The best of them come from the belief: how likely each hidden state is after what was seen.
public interface BeliefTask extends Task {

  /// The process.
  HiddenMarkovProcess process();

  @Override
  default Example example(Split split, long seed, long index) {
    SplittableRandom random = split.random(seed, index);
    return Example.ofWindow(process().sample(length() + 1, random));
  }

  @Override
  default double[] leastLosses(Example example) {
    int[] text = Arrays.copyOf(example.inputs(), example.length() + 1);
    text[example.length()] = example.targets()[example.length() - 1];
    return process().surprises(text);
  }

  /// The mean over all places but the first token's, which nothing goes before.
  @Override
  default Optimum optimum() {
    return process().optimum(length());
  }
}
