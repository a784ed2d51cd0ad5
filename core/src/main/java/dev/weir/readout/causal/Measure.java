package dev.weir.readout.causal;

import dev.weir.readout.Wide;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;

/// The metric of the rows of a batch.
///
/// @param metric which
/// @param pairs the pairs that rows belong to
/// @param clean log-probabilities of the clean runs, `[pair, d_vocab]`
record Measure(Metric metric, List<PromptPair> pairs, Tensor clean) {

  /// For each row, `[batch]`; gradients pass through.
  ///
  /// @param logits at the last position, `[batch, d_vocab]`
  /// @param pairOfRow the pair that each row belongs to
  Tensor of(Tensor logits, int... pairOfRow) {
    Tensor scores = Wide.of(logits);
    return switch (metric) {
      case LOGIT_DIFFERENCE ->
          picked(scores, PromptPair::answer, pairOfRow)
              .minus(picked(scores, PromptPair::wrong, pairOfRow));
      case LOG_PROBABILITY -> picked(scores.logSoftmax("d_vocab"), PromptPair::answer, pairOfRow);
      case KL_TO_CLEAN -> {
        long[] rows = Arrays.stream(pairOfRow).asLongStream().toArray();
        Tensor reference = clean.take("pair", ids(rows, scores)).order("batch", "d_vocab");
        Tensor surplus = reference.minus(scores.logSoftmax("d_vocab"));
        yield reference.exp().times(surplus).sum("d_vocab");
      }
    };
  }

  private Tensor picked(Tensor scores, ToIntFunction<PromptPair> token, int... pairOfRow) {
    long[] tokens =
        Arrays.stream(pairOfRow).mapToLong(pair -> token.applyAsInt(pairs.get(pair))).toArray();
    return scores.pick("d_vocab", ids(tokens, scores));
  }

  private static Tensor ids(long[] ids, Tensor like) {
    return Tensor.of(ids, Shape.of(new Axis("batch", ids.length))).to(like.device());
  }
}
