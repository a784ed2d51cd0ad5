package dev.weir.train;

import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// What a model learns from and what it is looked at with: texts ([TextData]), files of tokens
/// ([TokenData]), or a synthetic task ([dev.weir.train.task.TaskData]).
public interface TrainingData {

  /// How many tokens there are to choose from; the model's `d_vocab` must be at least this.
  int dVocab();

  /// The one window that fits, in predictions; empty if any does.
  OptionalInt window();

  /// What the steps of a run learn from. Which batch a step gets depends on the arguments and the
  /// step alone.
  ///
  /// @param batch how many examples a step reads
  /// @param window how many predictions an example has
  /// @param seed where the order comes from
  /// @throws TrainException if there is not enough for one window, or the window does not fit
  Batches training(int batch, int window, long seed);

  /// What the model is looked at with, always in the same order. Made when asked for, so that a run
  /// that takes only some of it pays for those.
  ///
  /// @param batch how many examples a batch has at most
  /// @param window how many predictions an example has at most
  /// @throws TrainException if the window does not fit
  List<Batch> validation(int batch, int window);

  /// The batches of a run. For one thread at a time.
  interface Batches {
    /// The batch of a step.
    ///
    /// @param step from 0
    Batch at(long step);

    /// How many examples there are before they come again; empty if they never do.
    OptionalLong examplesPerEpoch();
  }
}
