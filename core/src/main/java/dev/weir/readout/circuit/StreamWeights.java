package dev.weir.readout.circuit;

import dev.weir.model.AttentionSpec;
import dev.weir.model.BlockSpec;
import dev.weir.model.BlockSpec.Wiring;
import dev.weir.model.Folded;
import dev.weir.model.LocalMixing;
import dev.weir.model.MlpSpec;
import dev.weir.model.Norm;
import dev.weir.model.NormSpec;
import dev.weir.model.Parameters;
import dev.weir.model.PositionCode;
import dev.weir.model.Transformer;
import dev.weir.model.TransformerSpec;
import dev.weir.readout.Wide;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.Optional;
import java.util.stream.IntStream;

/// The weights of a folded model as the stream meets them: readers after every gain, writers with
/// what stands between them and the stream. What depends on the run, the sizes that norms divide
/// by, is left out. Float32 at least; tensors of the current scope.
final class StreamWeights {
  private final Folded folded;

  private StreamWeights(Folded folded) {
    this.folded = folded;
  }

  static StreamWeights of(Folded folded) {
    TransformerSpec spec = folded.model().spec();
    for (int layer = 0; layer < spec.nLayers(); layer++) {
      BlockSpec block = spec.blocks().get(layer);
      if (!block.local().equals(LocalMixing.none())) {
        throw CircuitException.notOnlyMaps(layer, "mixes neighbouring positions beside attention");
      }
      if (block.attention().values() != AttentionSpec.Values.OWN) {
        throw CircuitException.notOnlyMaps(layer, "attends to the first block's values");
      }
      requireFolded("the norm before attention of block " + layer, block.ln1());
      if (block.hasMlp() && block.wiring() != Wiring.PARALLEL_SHARED_NORM) {
        requireFolded("the norm before the MLP of block " + layer, block.ln2());
      }
    }
    requireFolded("the final norm", spec.lnFinal());
    return new StreamWeights(folded);
  }

  private static void requireFolded(String name, NormSpec norm) {
    if (norm.hasGain()) {
      throw CircuitException.gainLeft(name);
    }
  }

  Folded folded() {
    return folded;
  }

  Transformer model() {
    return folded.model();
  }

  TransformerSpec spec() {
    return model().spec();
  }

  AttentionSpec attention(int layer) {
    return spec().blocks().get(layer).attention();
  }

  /// Products of weights of different depths say what happens only where the stream only adds.
  void requireAdditive(String what) {
    if (!model().pathway().additive()) {
      throw CircuitException.routed(what, spec().pathway().getClass().getSimpleName());
    }
  }

  void requireHead(int layer, int head) {
    int layers = spec().nLayers();
    if (layer < 0 || layer >= layers || head < 0 || head >= attention(layer).nHeads()) {
      String heads =
          layer >= 0 && layer < layers
              ? "heads 0 to %d of this block".formatted(attention(layer).nHeads() - 1)
              : "blocks 0 to %d".formatted(layers - 1);
      throw CircuitException.noSuchHead(layer, head, heads);
    }
  }

  void requireToken(int token, int dVocab) {
    if (token < 0 || token >= dVocab) {
      throw CircuitException.tokenOutside(token, dVocab);
    }
  }

  // ---------------------------------------------------------------- the ends

  /// What tokens write, `[d_vocab, d_model]`.
  Tensor embedding() {
    return weight("embed.W_E").times(spec().embedScale()).order("d_vocab", "d_model");
  }

  /// What positions write, `[n_ctx, d_model]`.
  Tensor positions() {
    if (!(spec().positions() instanceof PositionCode.Learned)) {
      throw CircuitException.noPositions();
    }
    return weight("pos_embed.W_pos").order("n_ctx", "d_model");
  }

  /// What logits read, `[d_model, d_vocab]`.
  Tensor unembedding() {
    return Wide.of(model().unembedding()).order("d_model", "d_vocab");
  }

  // ---------------------------------------------------------------- attention

  /// `[head, d_model, d_head]`.
  Tensor queries(int layer) {
    return normed(layer, "q_norm", attn(layer, "W_Q"), "head").order("head", "d_model", "d_head");
  }

  /// `[head, d_model, d_head]`, for each query head those it is paired with.
  Tensor keys(int layer) {
    Tensor keys = normed(layer, "k_norm", attn(layer, "W_K"), "kv_head");
    return forEachHead(layer, keys).order("head", "d_model", "d_head");
  }

  /// `[head, d_model, d_head]`, for each query head those it is paired with.
  Tensor values(int layer) {
    return forEachHead(layer, attn(layer, "W_V")).order("head", "d_model", "d_head");
  }

  /// `[head, d_head, d_model]`.
  Tensor outputs(int layer) {
    return written(attn(layer, "W_O"), spec().blocks().get(layer).ln1Post(), layer, "ln1_post")
        .order("head", "d_head", "d_model");
  }

  /// `[head, d_head]`, zeros where there is none.
  Tensor queryBias(int layer) {
    return find(layer, "b_Q")
        .map(bias -> normed(layer, "q_norm", bias, "head"))
        .orElseGet(() -> zeros(layer))
        .order("head", "d_head");
  }

  /// `[head, d_head]`, zeros where there is none.
  Tensor keyBias(int layer) {
    return find(layer, "b_K")
        .map(bias -> forEachHead(layer, normed(layer, "k_norm", bias, "kv_head")))
        .orElseGet(() -> zeros(layer))
        .order("head", "d_head");
  }

  /// `[head, d_head]`, zeros where there is none.
  Tensor valueBias(int layer) {
    return find(layer, "b_V")
        .map(bias -> forEachHead(layer, bias))
        .orElseGet(() -> zeros(layer))
        .order("head", "d_head");
  }

  /// What attention of a block writes whatever it reads, `[d_model]`, before the size that a norm
  /// after it divides by.
  Optional<Tensor> outputBias(int layer) {
    NormSpec norm = spec().blocks().get(layer).ln1Post();
    return find(layer, "b_O").map(bias -> written(bias, norm, layer, "ln1_post"));
  }

  /// What the norm after attention adds, `[d_model]`.
  Optional<Tensor> postShift(int layer) {
    NormSpec norm = spec().blocks().get(layer).ln1Post();
    return Norm.of(norm, parameters(), "blocks.%d.ln1_post".formatted(layer))
            instanceof Norm.LayerNorm(Tensor _, Tensor shift, double _)
        ? Optional.of(Wide.of(shift))
        : Optional.empty();
  }

  private Tensor zeros(int layer) {
    AttentionSpec attention = attention(layer);
    return Tensor.zeros(
        Shape.of("head", attention.nHeads(), "d_head", attention.dHead()),
        attn(layer, "W_Q").dtype());
  }

  private Tensor forEachHead(int layer, Tensor keysOrValues) {
    AttentionSpec attention = attention(layer);
    int group = attention.nHeads() / attention.nKvHeads();
    long[] pairs = IntStream.range(0, attention.nHeads()).mapToLong(head -> head / group).toArray();
    return keysOrValues.take("kv_head", Tensor.of(pairs, Shape.of(new Axis("head", pairs.length))));
  }

  /// The gain of a norm of queries or keys; their sizes depend on the run.
  private Tensor normed(int layer, String name, Tensor weight, String headAxis) {
    return switch (attention(layer).qkNorm()) {
      case AttentionSpec.QkNorm.NoQkNorm() -> weight;
      case AttentionSpec.QkNorm.PerHead(NormSpec norm) ->
          gained(centred(weight, norm, "d_head"), norm, "blocks.%d.attn.%s".formatted(layer, name));
      case AttentionSpec.QkNorm.AcrossHeads(NormSpec norm) ->
          gained(
              centred(weight, norm, headAxis, "d_head"),
              norm,
              "blocks.%d.attn.%s".formatted(layer, name));
    };
  }

  // ---------------------------------------------------------------- MLPs

  /// `[d_mlp, d_model]`.
  Tensor in(int layer) {
    requireMlp(layer, mlp(layer) instanceof MlpSpec.NoMlp, "MLP");
    return weight("blocks.%d.mlp.W_in".formatted(layer)).order("d_mlp", "d_model");
  }

  /// `[d_mlp, d_model]`.
  Tensor gate(int layer) {
    requireMlp(layer, !(mlp(layer) instanceof MlpSpec.Gated), "gate");
    return weight("blocks.%d.mlp.W_gate".formatted(layer)).order("d_mlp", "d_model");
  }

  /// `[d_mlp, d_model]`.
  Tensor out(int layer) {
    requireMlp(layer, mlp(layer) instanceof MlpSpec.NoMlp, "MLP");
    Tensor out = weight("blocks.%d.mlp.W_out".formatted(layer));
    return written(out, spec().blocks().get(layer).ln2Post(), layer, "ln2_post")
        .order("d_mlp", "d_model");
  }

  private MlpSpec mlp(int layer) {
    requireMlp(layer, layer < 0 || layer >= spec().nLayers(), "MLP");
    return spec().blocks().get(layer).mlp();
  }

  private static void requireMlp(int layer, boolean missing, String what) {
    if (missing) {
      throw CircuitException.noNeurons(layer, what);
    }
  }

  // ---------------------------------------------------------------- inside

  private Tensor attn(int layer, String name) {
    return weight("blocks.%d.attn.%s".formatted(layer, name));
  }

  private Optional<Tensor> find(int layer, String name) {
    return parameters().find("blocks.%d.attn.%s".formatted(layer, name)).map(Wide::of);
  }

  /// A write as it reaches the stream, but for the size that the norm after it divides by.
  private Tensor written(Tensor weight, NormSpec norm, int layer, String name) {
    return gained(centred(weight, norm, "d_model"), norm, "blocks.%d.%s".formatted(layer, name));
  }

  private static Tensor centred(Tensor weight, NormSpec norm, String... axes) {
    return norm.centres() ? weight.minus(weight.mean(axes)) : weight;
  }

  private Tensor gained(Tensor weight, NormSpec spec, String path) {
    return switch (Norm.of(spec, parameters(), path)) {
      case Norm.LayerNorm(Tensor gain, Tensor _, double _) -> weight.times(Wide.of(gain));
      case Norm.RmsNorm norm -> weight.times(Wide.of(norm.gain()));
      case Norm.NoNorm _, Norm.LayerNormPre _, Norm.RmsNormPre _ -> weight;
    };
  }

  private Tensor weight(String name) {
    return Wide.of(parameters().get(name));
  }

  private Parameters parameters() {
    return model().parameters();
  }
}
