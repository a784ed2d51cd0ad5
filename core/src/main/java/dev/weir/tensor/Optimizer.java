package dev.weir.tensor;

import java.util.List;

/// Changes one parameter step by step against its gradient. Implementations are the one place where
/// a parameter changes: each update writes into its memory.
public interface Optimizer extends AutoCloseable {

  /// Goes one step against the gradient.
  ///
  /// @param gradient the parameter's shape
  /// @param gradientFactor what the gradient is multiplied with first, to clip it
  /// @param learningRate how far
  /// @param weightDecay how strongly the parameter is drawn to zero, per unit of learning rate
  void update(Tensor gradient, double gradientFactor, double learningRate, double weightDecay);

  /// What the tensors of its state are called, in files.
  List<String> stateNames();

  /// What it remembers between updates, each of the parameter's shape; they belong to this object.
  List<Tensor> state();

  /// Goes on where another left off.
  ///
  /// @param state what [#state] gave then
  /// @param updatesSoFar how many updates it had made
  void restore(List<Tensor> state, long updatesSoFar);

  @Override
  void close();
}
