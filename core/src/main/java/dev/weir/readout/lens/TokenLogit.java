package dev.weir.readout.lens;

import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// A token and what something adds to its logit.
///
/// @param token its id
/// @param logit what is added
public record TokenLogit(int token, double logit) {

  /// The tokens that are raised most, highest first.
  ///
  /// @param logits `[component, d_vocab]`
  /// @param count how many
  /// @return one list for each component
  static List<List<TokenLogit>> highest(Tensor logits, int count) {
    int k = Math.toIntExact(Math.clamp(count, 1, logits.size("d_vocab")));
    Tensor.TopK top = logits.order("component", "d_vocab").topK(k, "d_vocab");
    double[] values = top.values().toDoubles();
    long[] tokens = top.indices().toLongs();
    List<List<TokenLogit>> all = new ArrayList<>();
    for (int from = 0; from < values.length; from += k) {
      List<TokenLogit> row = new ArrayList<>();
      for (int i = from; i < from + k; i++) {
        row.add(new TokenLogit(Math.toIntExact(tokens[i]), values[i]));
      }
      all.add(List.copyOf(row));
    }
    return all;
  }

  /// The tokens that are lowered most, lowest first.
  ///
  /// @param logits `[component, d_vocab]`
  /// @param count how many
  /// @return one list for each component
  static List<List<TokenLogit>> lowest(Tensor logits, int count) {
    return highest(logits.times(-1), count).stream()
        .map(row -> row.stream().map(t -> new TokenLogit(t.token(), -t.logit())).toList())
        .toList();
  }
}
