package dev.weir.train.task;

import dev.weir.train.Example;
import java.util.List;
import java.util.OptionalLong;

/// A task whose examples are made, not collected, and of which it is known how well it can be
/// solved. Two tasks with the same settings are equal and have the same examples.
public interface Task {

  /// The task with all its settings, as [Tasks#parse] reads it: `mess3:x=0.05,a=0.85,length=10`.
  String name();

  /// The words that stand for its tokens, by id; none has a space in it.
  List<String> tokens();

  /// How many predictions an example has, counted or not: the window to train with.
  int length();

  /// An example.
  ///
  /// @param split to learn from or to look at
  /// @param seed of the run
  /// @param index which one, from 0
  Example example(Split split, long seed, long index);

  /// How many different examples there are; empty if there is no end to them.
  ///
  /// @param split to learn from or to look at
  default OptionalLong examples(Split split) {
    return OptionalLong.empty();
  }

  /// The best that can be done. May take a moment.
  default Optimum optimum() {
    return Optimum.determined();
  }

  /// What the best predictor loses at each place of one example, nats, `[pos]`: 0 where the text
  /// determines the answer. Places that do not count may hold anything.
  ///
  /// @param example one of this task
  default double[] leastLosses(Example example) {
    return new double[example.length()];
  }

  /// How many tokens there are.
  default int dVocab() {
    return tokens().size();
  }
}
