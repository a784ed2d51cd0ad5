package dev.weir.train;

import dev.weir.tensor.Gradients;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The gradients of micro-batches of one size, added up; only the sum stays in memory.
final class GradientSum implements AutoCloseable {
  private List<Tensor> gradients = List.of();
  private TensorOwner owner = new TensorOwner();
  private final Map<String, Double> auxiliaries = new LinkedHashMap<>();
  private double losses;
  private int count;

  /// Adds a micro-batch, whose tensors may then go.
  void add(Objective.Pass pass) {
    TensorOwner next = new TensorOwner();
    List<Tensor> sum = new ArrayList<>();
    for (int i = 0; i < pass.gradients().size(); i++) {
      Tensor gradient = pass.gradients().get(i);
      sum.add(next.own(count == 0 ? gradient : gradients.get(i).plus(gradient)));
    }
    owner.close();
    owner = next;
    gradients = sum;
    pass.auxiliaries().forEach((name, loss) -> auxiliaries.merge(name, loss, Double::sum));
    losses += pass.loss();
    count++;
  }

  /// The gradient of the mean over all micro-batches, one tensor for each parameter; it lives as
  /// long as this sum and the current scope.
  List<Tensor> mean() {
    return count == 1
        ? gradients
        : Gradients.untracked(() -> gradients.stream().map(sum -> sum.times(1.0 / count)).toList());
  }

  /// The mean loss of all micro-batches, nats per token.
  double loss() {
    return losses / count;
  }

  /// The mean auxiliary losses of all micro-batches of all processes.
  Map<String, Double> auxiliaries(GradientExchange exchange) {
    Map<String, Double> means = new LinkedHashMap<>();
    auxiliaries.forEach((name, sum) -> means.put(name, exchange.mean(sum / count)));
    return means;
  }

  @Override
  public void close() {
    owner.close();
  }
}
