package dev.weir.readout.depth;

import dev.weir.model.Transformer;
import dev.weir.readout.Estimate;
import dev.weir.stream.Capture;
import dev.weir.stream.StreamTrace;
import java.util.List;
import java.util.stream.IntStream;

/// Which blocks matter least over any number of texts, by [BlockInfluence] and by
/// [AngularDistance]; a text counts once, and no text is kept.
public final class BlockRanking {
  private final Transformer model;
  private final AngularDistance.Positions positions;
  private final List<Estimate.Running> influences;
  private final List<List<Estimate.Running>> angles;

  private BlockRanking(Transformer model, AngularDistance.Positions positions) {
    this.model = model;
    this.positions = positions;
    int layers = model.spec().nLayers();
    this.influences = estimates(layers);
    this.angles = IntStream.range(0, layers).mapToObj(from -> estimates(layers - from)).toList();
  }

  static List<Estimate.Running> estimates(int count) {
    return IntStream.range(0, count).mapToObj(_ -> new Estimate.Running()).toList();
  }

  /// Nothing read yet.
  ///
  /// @param model which
  /// @param positions at which positions angles are taken
  public static BlockRanking over(Transformer model, AngularDistance.Positions positions) {
    return new BlockRanking(model, positions);
  }

  /// What a run must keep; the logits are not needed.
  public static Capture capture() {
    return BlockInfluence.capture();
  }

  /// Reads one more text.
  ///
  /// @param trace a run of the model that kept what [#capture] names
  /// @throws DepthException if the trace is of several texts
  public void add(StreamTrace trace) {
    BlockInfluence influence = BlockInfluence.of(model, trace);
    AngularDistance angular = AngularDistance.of(model, trace, positions);
    for (int layer = 0; layer < influences.size(); layer++) {
      influences.get(layer).add(influence.of(layer));
      for (int n = 1; n <= angles.get(layer).size(); n++) {
        angles.get(layer).get(n - 1).add(angular.of(layer, n));
      }
    }
  }

  /// How many blocks there are.
  public int layers() {
    return influences.size();
  }

  /// How far a block turns the stream, `1 − cos`.
  ///
  /// @param layer the block
  /// @throws DepthException if there is no such block
  public Estimate influence(int layer) {
    BlockOrder.requireBlock(layer, layers());
    return influences.get(layer).estimate();
  }

  /// How far a group of blocks turns the stream, as a share of half a turn.
  ///
  /// @param from its first block
  /// @param count how many blocks it has
  /// @throws DepthException if there is no such group
  public Estimate angle(int from, int count) {
    BlockOrder.requireBlock(from, layers());
    BlockOrder.requireBlock(from + count - 1, layers());
    return angles.get(from).get(count - 1).estimate();
  }

  /// The blocks from least to most influential.
  public List<Integer> byInfluence() {
    return BlockInfluence.ranking(
        influences.stream().mapToDouble(each -> each.estimate().mean()).toArray());
  }

  /// The group of blocks that turns the stream least, first to last.
  ///
  /// @param count how many blocks it has
  /// @throws DepthException if there are not so many
  public List<Integer> byAngle(int count) {
    double[][] means =
        angles.stream()
            .map(row -> row.stream().mapToDouble(each -> each.estimate().mean()).toArray())
            .toArray(double[][]::new);
    int from = AngularDistance.least(means, count);
    return IntStream.range(from, from + count).boxed().toList();
  }
}
