package dev.weir.readout.depth;

import dev.weir.model.AttentionSpec;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.pathway.PreNorm;
import dev.weir.readout.Wide;
import dev.weir.stream.Capture;
import dev.weir.stream.HookPoint;
import dev.weir.stream.StreamTrace;
import dev.weir.tensor.Scope;

/// The linear map that does best what a group of blocks does, by ridge regression of what leaves it
/// on what enters it. Reads any number of texts one by one and keeps sums of products alone.
///
/// Every position counts, the first as well: the map has to serve it too.
public final class LinearMapFit implements AutoCloseable {
  private final Transformer model;
  private final int first;
  private final int last;
  private final PairSums sums;

  private LinearMapFit(Transformer model, int first, int last) {
    this.model = model;
    this.first = first;
    this.last = last;
    this.sums = new PairSums(model.spec().dModel());
  }

  /// Nothing read yet.
  ///
  /// @param model which
  /// @param first the group's first block
  /// @param last the group's last; may be the first
  /// @throws DepthException if there is no such group, or no map can stand for it
  public static LinearMapFit over(Transformer model, int first, int last) {
    require(model.spec(), first, last);
    return new LinearMapFit(model, first, last);
  }

  /// A write is added as it is on the plain pathway alone; elsewhere the pathway would change it.
  static void require(TransformerSpec spec, int first, int last) {
    BlockOrder.requireBlock(first, spec.nLayers());
    BlockOrder.requireBlock(last, spec.nLayers());
    if (last < first) {
      throw DepthException.notARange(first, last);
    }
    if (!(spec.pathway() instanceof PreNorm)) {
      throw DepthException.cannotMap(
          "this pathway does not add a block's write to the stream as it is");
    }
    if (spec.blocks().stream()
        .anyMatch(block -> block.attention().values() != AttentionSpec.Values.OWN)) {
      throw DepthException.cannotMap("later blocks use the values of the first");
    }
  }

  /// What a run must keep; the logits are not needed.
  private Capture capture() {
    return Capture.matching(
            new HookPoint.ResidPre(first).name(), new HookPoint.ResidPost(last).name())
        .withoutLogits();
  }

  /// Reads one more text.
  ///
  /// @param tokens the text
  public void add(int[] tokens) {
    try (StreamTrace trace = model.trace(tokens, capture());
        Scope _ = Scope.open()) {
      sums.add(
          Wide.of(trace.get(new HookPoint.ResidPre(first))),
          Wide.of(trace.get(new HookPoint.ResidPost(last))));
    }
  }

  /// What takes the group's place, with a map of the current scope.
  ///
  /// @param ridge the penalty, in units of the mean variance of a feature
  public Compression.Mapped fitted(double ridge) {
    return new Compression.Mapped(sums.ridge(ridge), first, last);
  }

  @Override
  public void close() {
    sums.close();
  }
}
