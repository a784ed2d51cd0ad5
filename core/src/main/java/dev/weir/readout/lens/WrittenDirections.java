package dev.weir.readout.lens;

import dev.weir.model.Norm;
import dev.weir.model.NormSpec;
import dev.weir.model.Transformer;
import dev.weir.readout.Wide;
import dev.weir.stream.NormSite;
import dev.weir.stream.Site;
import dev.weir.stream.WriterLabels;
import dev.weir.tensor.LinearAlgebra;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Directions in which a sublayer writes, from its weights. A block's post-norm is passed with its
/// gain and without its scale, which differs from run to run.
///
/// @param site who writes
/// @param directions in which it can
public record WrittenDirections(Site site, List<Direction> directions) {

  public WrittenDirections {
    directions = List.copyOf(directions);
  }

  /// What a neuron writes where its activation is 1: its row of `W_out`.
  ///
  /// @param model the model
  /// @param layer the block
  /// @param neuron which of its neurons
  public static WrittenDirections neuron(Transformer model, int layer, int neuron) {
    require("block", layer, model.spec().nLayers());
    require("neuron", neuron, model.spec().blocks().get(layer).mlp().neurons());
    try (Scope _ = Scope.open()) {
      Tensor row =
          Wide.of(model.parameters().get("blocks.%d.mlp.W_out".formatted(layer)))
              .at("d_mlp", neuron);
      NormSpec norm = model.spec().blocks().get(layer).ln2Post();
      double[] vector = gained(model, norm, new NormSite.Ln2Post(layer), row).toDoubles();
      return new WrittenDirections(
          Site.mlp(layer), List.of(new Direction(WriterLabels.neuron(layer, neuron), vector)));
    }
  }

  /// The right singular vectors of a head's `W_V W_O`, the norm's gain folded into `W_V`: what it
  /// writes, whatever it attends to (Millidge & Black 2022, "The singular value decompositions of
  /// transformer weight matrices are highly interpretable"). Each is as long as its singular value;
  /// its sign means nothing.
  ///
  /// @param model the model
  /// @param layer the block
  /// @param head which of its heads
  public static WrittenDirections head(Transformer model, int layer, int head) {
    require("block", layer, model.spec().nLayers());
    var attention = model.spec().blocks().get(layer).attention();
    require("head", head, attention.nHeads());
    String path = "blocks.%d.attn.".formatted(layer);
    // Where all blocks share the first one's values, it reads for them.
    int reader = model.parameters().find(path + "W_V").isPresent() ? layer : 0;
    try (Scope _ = Scope.open()) {
      Tensor values = Wide.of(model.parameters().get("blocks.%d.attn.W_V".formatted(reader)));
      int group = attention.nHeads() / attention.nKvHeads();
      NormSpec norm = model.spec().blocks().get(reader).ln1();
      Tensor reads =
          gain(Norm.of(norm, model.parameters(), new NormSite.Ln1(reader).path()))
              .apply(values.at("kv_head", head / group));
      Tensor writes = output(model, layer, head);
      return new WrittenDirections(
          Site.attention(layer), singular(WriterLabels.head(layer, head), reads, writes));
    }
  }

  /// What one dimension of a head's value writes where it is 1: its row of `W_O`.
  ///
  /// @param model the model
  /// @param layer the block
  /// @param head which of its heads
  /// @param dimension which dimension
  public static WrittenDirections headDimension(
      Transformer model, int layer, int head, int dimension) {
    require("block", layer, model.spec().nLayers());
    var attention = model.spec().blocks().get(layer).attention();
    require("head", head, attention.nHeads());
    require("dimension", dimension, attention.dHead());
    try (Scope _ = Scope.open()) {
      double[] row = output(model, layer, head).at("d_head", dimension).toDoubles();
      String label = "L%dH%dN%d".formatted(layer, head, dimension);
      return new WrittenDirections(Site.attention(layer), List.of(new Direction(label, row)));
    }
  }

  /// A head's part of `W_O`, after any post-norm's gain, `[d_head, d_model]`.
  private static Tensor output(Transformer model, int layer, int head) {
    Tensor rows =
        Wide.of(model.parameters().get("blocks.%d.attn.W_O".formatted(layer)))
            .at("head", head)
            .order("d_head", "d_model");
    NormSpec norm = model.spec().blocks().get(layer).ln1Post();
    return gained(model, norm, new NormSite.Ln1Post(layer), rows);
  }

  /// `W_V W_O = Q (R W_O)`: the product of the small factor has the same right singular vectors,
  /// and no matrix `[d_model, d_model]` is made.
  private static List<Direction> singular(String label, Tensor reads, Tensor writes) {
    Tensor r = LinearAlgebra.qr(reads, "d_model", "d_head").r().rename("rank", "row");
    LinearAlgebra.Svd svd = LinearAlgebra.svd(r.dot(writes, "d_head"), "row", "d_model");
    Tensor scaled = svd.v().times(svd.s());
    double[] all = scaled.toDoubles();
    int dModel = Math.toIntExact(writes.size("d_model"));
    List<Direction> directions = new ArrayList<>();
    for (int from = 0; from < all.length; from += dModel) {
      directions.add(
          new Direction(
              "%s σ%d".formatted(label, directions.size()),
              Arrays.copyOfRange(all, from, from + dModel)));
    }
    return directions;
  }

  private interface Gain {
    /// Same shape.
    Tensor apply(Tensor weight);
  }

  private static Gain gain(Norm norm) {
    return switch (norm) {
      case Norm.LayerNorm(Tensor weight, Tensor _, double _) -> w -> w.times(Wide.of(weight));
      case Norm.RmsNorm rms -> w -> w.times(Wide.of(rms.gain()));
      case Norm.NoNorm _, Norm.LayerNormPre _, Norm.RmsNormPre _ -> w -> w;
    };
  }

  private static Tensor gained(Transformer model, NormSpec spec, NormSite site, Tensor written) {
    Norm norm = Norm.of(spec, model.parameters(), site.path());
    return gain(norm).apply(norm.centre(written));
  }

  private static void require(String part, int index, int count) {
    if (index < 0 || index >= count) {
      throw LensException.noSuchPart(part, index, count);
    }
  }
}
