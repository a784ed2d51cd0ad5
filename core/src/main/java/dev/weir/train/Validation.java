package dev.weir.train;

import dev.weir.model.Transformer;
import dev.weir.stream.Hooks;
import dev.weir.tensor.Gradients;
import dev.weir.tensor.Scope;
import java.util.ArrayList;
import java.util.List;

/// Texts that a model is not trained on, to be looked at.
final class Validation {
  private final List<List<int[]>> batches;

  /// @param windows the texts; only the last may be of another length
  /// @param batch how many are read together
  Validation(List<int[]> windows, int batch) {
    List<List<int[]>> found = new ArrayList<>();
    for (int[] window : windows) {
      if (found.isEmpty()
          || found.getLast().size() == batch
          || found.getLast().getFirst().length != window.length) {
        found.add(new ArrayList<>());
      }
      found.getLast().add(window);
    }
    batches = found;
  }

  /// The mean cross entropy, nats per token; each process looks at its share.
  double loss(Transformer model, GradientExchange exchange) {
    return Gradients.untracked(() -> {
      double sum = 0;
      double predictions = 0;
      for (int i = exchange.rank(); i < batches.size(); i += exchange.size()) {
        List<int[]> windows = batches.get(i);
        double tokens = windows.size() * (windows.getFirst().length - 1.0);
        try (Scope _ = Scope.open()) {
          sum += Objective.loss(model, windows, Hooks.none()).item() * tokens;
        }
        predictions += tokens;
      }
      return exchange.mean(sum) / exchange.mean(predictions);
    });
  }
}
