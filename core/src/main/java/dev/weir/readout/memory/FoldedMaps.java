package dev.weir.readout.memory;

import dev.weir.model.BlockSpec;
import dev.weir.model.MlpSpec;
import dev.weir.model.Norm;
import dev.weir.model.NormSpec;
import dev.weir.model.Transformer;
import dev.weir.readout.Wide;
import dev.weir.stream.NormSite;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Tensor;
import java.util.Optional;

/// The maps that read the stream and write to it, as directions of the stream: what the norm in
/// front multiplies with is folded into what reads, what a post-norm multiplies with into what
/// writes, and a mean that the norm subtracts is taken out. On a folded model nothing changes.
record FoldedMaps(Transformer model) {

  /// What the MLP's neurons read, `[d_mlp, d_model]`.
  ///
  /// @param name `W_in` or `W_gate`
  Tensor mlpReads(int layer, String name) {
    var block = model.spec().blocks().get(layer);
    boolean shared = block.wiring() == BlockSpec.Wiring.PARALLEL_SHARED_NORM;
    Norm norm =
        shared
            ? norm(block.ln1(), new NormSite.Ln1(layer))
            : norm(block.ln2(), new NormSite.Ln2(layer));
    return through(norm, weight("blocks.%d.mlp.%s".formatted(layer, name)))
        .order("d_mlp", "d_model");
  }

  /// What the MLP's neurons write, `[d_mlp, d_model]`.
  Tensor mlpWrites(int layer) {
    Norm norm = norm(model.spec().blocks().get(layer).ln2Post(), new NormSite.Ln2Post(layer));
    return through(norm, weight("blocks.%d.mlp.W_out".formatted(layer))).order("d_mlp", "d_model");
  }

  boolean gated(int layer) {
    return model.spec().blocks().get(layer).mlp() instanceof MlpSpec.Gated;
  }

  /// What each head's values read, `[head, d_head, d_model]`; empty where a block has no values of
  /// its own.
  Optional<Tensor> valueReads(int layer) {
    var block = model.spec().blocks().get(layer);
    Norm norm = norm(block.ln1(), new NormSite.Ln1(layer));
    var group = new Axis("group", block.attention().nHeads() / block.attention().nKvHeads());
    return model
        .parameters()
        .find("blocks.%d.attn.W_V".formatted(layer))
        .map(own ->
            through(norm, Wide.of(own))
                .repeat(group)
                .order("kv_head", "group", "d_head", "d_model")
                .merge("head", "kv_head", "group"));
  }

  /// What each head writes, `[head, d_head, d_model]`.
  Tensor headWrites(int layer) {
    Norm norm = norm(model.spec().blocks().get(layer).ln1Post(), new NormSite.Ln1Post(layer));
    return through(norm, weight("blocks.%d.attn.W_O".formatted(layer)))
        .order("head", "d_head", "d_model");
  }

  /// What raises each logit, `[d_vocab, d_model]`.
  Tensor unembedding() {
    return through(model.lnFinal(), Wide.of(model.unembedding())).order("d_vocab", "d_model");
  }

  private Tensor weight(String name) {
    return Wide.of(model.parameters().get(name));
  }

  private Norm norm(NormSpec spec, NormSite site) {
    return Norm.of(spec, model.parameters(), site.path());
  }

  /// The directions before a norm that vectors after it stand for, but for the norm's scale; of a
  /// norm that writes, the same: its gain multiplies, and a mean it subtracts is not written.
  private static Tensor through(Norm norm, Tensor map) {
    Tensor gained =
        switch (norm) {
          case Norm.LayerNorm(Tensor weight, Tensor _, double _) -> map.times(Wide.of(weight));
          case Norm.RmsNorm rms -> map.times(Wide.of(rms.gain()));
          case Norm.NoNorm _, Norm.LayerNormPre _, Norm.RmsNormPre _ -> map;
        };
    return switch (norm) {
      case Norm.LayerNorm _, Norm.LayerNormPre _ -> gained.minus(gained.mean("d_model"));
      case Norm.NoNorm _, Norm.RmsNorm _, Norm.RmsNormPre _ -> gained;
    };
  }
}
