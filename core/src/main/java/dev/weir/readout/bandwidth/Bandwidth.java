package dev.weir.readout.bandwidth;

import dev.weir.model.BlockSpec;
import dev.weir.model.LocalMixing;
import dev.weir.model.TransformerSpec;
import java.util.ArrayList;
import java.util.List;

/// How many dimensions of computation share each dimension of the stream (Elhage et al. 2021, "A
/// Mathematical Framework for Transformer Circuits", section "Residual stream as a communication
/// channel").
public final class Bandwidth {
  private final int dModel;
  private final List<Place> places;
  private final List<Values> values;

  /// The stream at one depth.
  ///
  /// @param place its label
  /// @param neuronsBefore MLP neurons of the blocks before, for each dimension of the stream
  /// @param neuronsAfter of the blocks after
  /// @param before neurons and dimensions of heads of the blocks before, for each dimension of the
  ///   stream
  /// @param after of the blocks after
  public record Place(
      String place, double neuronsBefore, double neuronsAfter, double before, double after) {}

  /// What attention of one block can move from a position to another.
  ///
  /// @param layer the block
  /// @param ofHead how many dimensions one head passes
  /// @param ofLayer how many all its heads pass together, at most
  /// @param shareOfHead of the stream's width
  /// @param shareOfLayer of the stream's width
  public record Values(
      int layer, int ofHead, int ofLayer, double shareOfHead, double shareOfLayer) {}

  private Bandwidth(int dModel, List<Place> places, List<Values> values) {
    this.dModel = dModel;
    this.places = List.copyOf(places);
    this.values = List.copyOf(values);
  }

  /// Of a model.
  ///
  /// @param spec how it is put together
  public static Bandwidth of(TransformerSpec spec) {
    double d = spec.dModel();
    double allNeurons = spec.blocks().stream().mapToDouble(Bandwidth::neurons).sum();
    double allHeads = spec.blocks().stream().mapToDouble(Bandwidth::heads).sum();
    List<Place> places = new ArrayList<>();
    List<Values> values = new ArrayList<>();
    double neurons = 0;
    double heads = 0;
    for (int layer = 0; layer <= spec.nLayers(); layer++) {
      places.add(
          new Place(
              layer == spec.nLayers() ? "final_post" : layer + "_pre",
              neurons / d,
              (allNeurons - neurons) / d,
              (neurons + heads) / d,
              (allNeurons - neurons + allHeads - heads) / d));
      if (layer < spec.nLayers()) {
        BlockSpec block = spec.blocks().get(layer);
        neurons += neurons(block);
        heads += heads(block);
        values.add(values(layer, block, spec.dModel()));
      }
    }
    return new Bandwidth(spec.dModel(), places, values);
  }

  private static int neurons(BlockSpec block) {
    return block.hasMlp() ? block.mlp().neurons() : 0;
  }

  private static int heads(BlockSpec block) {
    int local =
        block.local().sublayer() instanceof LocalMixing.Sublayer.ShortSwa(var attention)
            ? attention.nHeads() * attention.dHead()
            : 0;
    return local + block.attention().nHeads() * block.attention().dHead();
  }

  private static Values values(int layer, BlockSpec block, int dModel) {
    int head = Math.min(dModel, block.attention().dHead());
    int all = Math.min(dModel, block.attention().nHeads() * block.attention().dHead());
    return new Values(layer, head, all, (double) head / dModel, (double) all / dModel);
  }

  /// The width of the stream.
  public int dModel() {
    return dModel;
  }

  /// The stream before each block and at the end.
  public List<Place> places() {
    return places;
  }

  /// Each block's attention.
  public List<Values> values() {
    return values;
  }
}
