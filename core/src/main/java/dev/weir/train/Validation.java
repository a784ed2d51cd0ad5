package dev.weir.train;

import dev.weir.model.Transformer;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.List;

/// Examples that a model is not trained on, to be looked at.
///
/// @param batches the examples
/// @param tokens how many predictions are enough
record Validation(List<Batch> batches, long tokens) {

  /// How well a model does; each process looks at its share.
  Look look(Transformer model, GradientExchange exchange) {
    return Gradients.untracked(() -> {
      double loss = 0;
      double weight = 0;
      Accuracy accuracy = Accuracy.none();
      long seen = 0;
      for (int i = 0; i < batches.size() && seen < tokens; i++) {
        Batch batch = batches.get(i);
        seen += (long) batch.rows() * batch.length();
        if (i % exchange.size() != exchange.rank()) {
          continue;
        }
        try (Scope _ = Scope.open()) {
          Tensor logits = Objective.logits(model, batch, Hooks.none());
          loss += batch.loss(logits).item() * batch.weight();
          accuracy = accuracy.plus(Accuracy.of(logits, batch));
        }
        weight += batch.weight();
      }
      return new Look(
          exchange.mean(loss) / exchange.mean(weight),
          exchange.mean((double) accuracy.right()) / exchange.mean((double) accuracy.counted()));
    });
  }
}
