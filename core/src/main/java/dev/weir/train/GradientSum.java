package dev.weir.train;

import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The losses and gradients of micro-batches, each times its share of the batch, added up. Only the
/// sum stays in memory.
final class GradientSum implements AutoCloseable {
  private List<Tensor> gradients = List.of();
  private TensorOwner owner = new TensorOwner();
  private final Map<String, Double> auxiliaries = new LinkedHashMap<>();
  private double loss;

  /// Adds a micro-batch, whose tensors may then go.
  void add(Objective.Pass pass, double share) {
    TensorOwner next = new TensorOwner();
    List<Tensor> sum = new ArrayList<>();
    for (int i = 0; i < pass.gradients().size(); i++) {
      Tensor whole = pass.gradients().get(i);
      Tensor part = share == 1 ? whole : whole.times(share);
      sum.add(next.own(gradients.isEmpty() ? part : gradients.get(i).plus(part)));
    }
    owner.close();
    owner = next;
    gradients = sum;
    pass.auxiliaries()
        .forEach((name, value) -> auxiliaries.merge(name, value * share, Double::sum));
    loss += pass.loss() * share;
  }

  /// The sum of gradients, one for each parameter, of its shape; they live as long as this sum.
  List<Tensor> gradients() {
    return gradients;
  }

  /// The sum of losses, nats.
  double loss() {
    return loss;
  }

  /// The sums of auxiliary losses, their means over all processes.
  Map<String, Double> auxiliaries(GradientExchange exchange) {
    Map<String, Double> means = new LinkedHashMap<>();
    auxiliaries.forEach((name, sum) -> means.put(name, exchange.mean(sum)));
    return means;
  }

  @Override
  public void close() {
    owner.close();
  }
}
