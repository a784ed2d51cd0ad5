package dev.weir.readout.depth;

import dev.weir.model.Transformer;
import dev.weir.model.TransformerCost;
import dev.weir.tensor.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What a model costs.
///
/// @param blocks how many blocks it has
/// @param parameters how many numbers
/// @param weightBytes the memory that its weights take
/// @param cacheBytesPerToken the memory that its cache grows by with each token
/// @param tokensPerSecond how fast it reads a text, the median of several runs
public record ModelCosts(
    int blocks,
    long parameters,
    long weightBytes,
    long cacheBytesPerToken,
    double tokensPerSecond) {

  /// Of several models, run in turn so that whatever else the machine does meets all of them alike.
  ///
  /// @param models which
  /// @param tokens what they read
  /// @param rounds how often; one more goes before to warm up
  public static List<ModelCosts> of(List<Transformer> models, int[] tokens, int rounds) {
    double[][] seconds = new double[models.size()][rounds];
    for (int round = -1; round < rounds; round++) {
      for (int i = 0; i < models.size(); i++) {
        double taken = seconds(models.get(i), tokens);
        if (round >= 0) {
          seconds[i][round] = taken;
        }
      }
    }
    List<ModelCosts> costs = new ArrayList<>();
    for (int i = 0; i < models.size(); i++) {
      Arrays.sort(seconds[i]);
      costs.add(of(models.get(i), tokens.length / seconds[i][rounds / 2], tokens.length));
    }
    return costs;
  }

  private static ModelCosts of(Transformer model, double tokensPerSecond, int context) {
    long parameters = model.parameters().count();
    int bytes = model.dtype().bytes();
    return new ModelCosts(
        model.spec().nLayers(),
        parameters,
        parameters * bytes,
        Math.round(TransformerCost.ofLastToken(model.spec(), context).cached()) * bytes,
        tokensPerSecond);
  }

  private static double seconds(Transformer model, int[] tokens) {
    long start = System.nanoTime();
    try (Scope _ = Scope.open()) {
      double _ = model.logits(tokens).slice("pos", 0, 1).slice("d_vocab", 0, 1).item();
    }
    return (System.nanoTime() - start) / 1e9;
  }
}
