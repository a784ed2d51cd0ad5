package dev.weir.train;

import dev.weir.tensor.Tensor;
import java.util.List;

/// How the processes that share a batch agree on its gradient: each computes the mean over its
/// share, and all go on with the mean of these means.
public interface GradientExchange {

  /// Which process this is, from 0.
  int rank();

  /// How many there are.
  int size();

  /// The mean over all processes.
  ///
  /// @param own this process's gradients, any shapes, the same in each process
  /// @return the same shapes, the same numbers in each process
  List<Tensor> mean(List<Tensor> own);

  /// The mean over all processes.
  ///
  /// @param own this process's number
  double mean(double own);

  /// One process on its own.
  static GradientExchange alone() {
    return new Alone();
  }

  /// One process on its own.
  record Alone() implements GradientExchange {
    @Override
    public int rank() {
      return 0;
    }

    @Override
    public int size() {
      return 1;
    }

    @Override
    public List<Tensor> mean(List<Tensor> own) {
      return own;
    }

    @Override
    public double mean(double own) {
      return own;
    }
  }
}
