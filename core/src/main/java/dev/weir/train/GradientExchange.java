package dev.weir.train;

import dev.weir.tensor.Collective;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Shape;
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

  /// The members of a collective, which stays the caller's to close.
  ///
  /// @param collective where they meet
  static GradientExchange over(Collective collective) {
    return new Members(collective);
  }

  /// The members of a collective. All get the same bits, so that their models stay the same.
  ///
  /// @param collective where they meet
  record Members(Collective collective) implements GradientExchange {
    @Override
    public int rank() {
      return collective.rank();
    }

    @Override
    public int size() {
      return collective.worldSize();
    }

    @Override
    public List<Tensor> mean(List<Tensor> own) {
      return collective.meanOf(own);
    }

    @Override
    public double mean(double own) {
      try (Scope _ = Scope.open()) {
        Tensor number = Tensor.of(new double[] {own}, Shape.of());
        return collective.meanOf(List.of(number)).getFirst().item();
      }
    }
  }
}
