package dev.weir.readout.depth;

import dev.weir.model.Transformer;
import dev.weir.readout.Places;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// How far each block turns the stream, `1 − E_t[cos(pre, post)]` (Men et al. 2024, ShortGPT,
/// arXiv:2403.03853, equation 1): the paper drops the blocks that turn it least.
public final class BlockInfluence {
  private final double[] influences;

  private BlockInfluence(double[] influences) {
    this.influences = influences;
  }

  /// What a run must keep; the logits are not needed.
  public static Capture capture() {
    return Places.LAYERS.capture().withoutLogits();
  }

  /// Of a run of one text, over all positions that it kept.
  ///
  /// @param model whose run it was
  /// @param trace a run that kept what [#capture] names
  /// @throws DepthException if the trace is of several texts
  public static BlockInfluence of(Transformer model, StreamTrace trace) {
    Streams.requireOneText("Block influence", trace);
    try (Scope _ = Scope.open()) {
      List<Tensor> streams = Streams.layers(model.spec(), trace);
      return new BlockInfluence(
          IntStream.range(0, streams.size() - 1)
              .mapToDouble(layer ->
                  1 - Streams.cosine(streams.get(layer), streams.get(layer + 1)).mean().item())
              .toArray());
    }
  }

  /// How many blocks there are.
  public int layers() {
    return influences.length;
  }

  /// From 0, where the block leaves every direction as it is, to 2, where it turns all around.
  ///
  /// @param layer the block
  /// @throws DepthException if there is no such block
  public double of(int layer) {
    BlockOrder.requireBlock(layer, influences.length);
    return influences[layer];
  }

  /// The blocks from least to most influential.
  public List<Integer> ranking() {
    return ranking(influences);
  }

  static List<Integer> ranking(double[] influences) {
    return IntStream.range(0, influences.length)
        .boxed()
        .sorted(Comparator.comparingDouble(layer -> influences[layer]))
        .toList();
  }
}
