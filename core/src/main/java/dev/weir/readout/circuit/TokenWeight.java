package dev.weir.readout.circuit;

import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// A token and what a circuit gives it.
///
/// @param token its id
/// @param weight what it gets, in the circuit's units
public record TokenWeight(int token, double weight) {

  /// The two ends of a list of tokens.
  ///
  /// @param top those with the largest numbers, largest first
  /// @param bottom those with the smallest, smallest first
  public record Ends(List<TokenWeight> top, List<TokenWeight> bottom) {
    public Ends {
      top = List.copyOf(top);
      bottom = List.copyOf(bottom);
    }

    /// Of numbers for every token.
    ///
    /// @param weights one axis
    /// @param count how many of each end
    static Ends of(Tensor weights, int count) {
      String axis = weights.shape().names().getFirst();
      int k = (int) Math.min(count, weights.size(axis));
      return new Ends(list(weights.topK(k, axis), 1), list(weights.times(-1).topK(k, axis), -1));
    }

    private static List<TokenWeight> list(Tensor.TopK found, int sign) {
      double[] values = found.values().toDoubles();
      long[] tokens = found.indices().toLongs();
      List<TokenWeight> list = new ArrayList<>();
      for (int i = 0; i < values.length; i++) {
        list.add(new TokenWeight((int) tokens[i], sign * values[i]));
      }
      return list;
    }
  }
}
