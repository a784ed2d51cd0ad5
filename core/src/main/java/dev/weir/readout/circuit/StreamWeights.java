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

/// The weights of a model as the stream meets them: readers after every gain, folded or not,
/// writers with what stands between them and the stream. What depends on the run, the sizes that
/// norms divide by, is left out. Float32 at least; tensors of the current scope.
final class StreamWeights {
  private final Folded folded;

  private StreamWeights(Folded folded) {
    this.folded = folded;
  }

  static StreamWeights of(Folded folded) {
    objection(folded.model().spec())
        .ifPresent(objection -> {
          throw objection;
        });
    return new StreamWeights(folded);
  }

  /// Why a model's weights alone do not say what its blocks read, where they do not.
  static Optional<CircuitException> objection(TransformerSpec spec) {
    for (int layer = 0; layer < spec.nLayers(); layer++) {
      BlockSpec block = spec.blocks().get(layer);
      if (!block.local().equals(LocalMixing.none())) {
        return Optional.of(
            CircuitException.notOnlyMaps(layer, "mixes neighbouring positions beside attention"));
      }
      if (block.attention().values() != AttentionSpec.Values.OWN) {
        return Optional.of(
            CircuitException.notOnlyMaps(layer, "attends to the first block's values"));
      }
    }
    return Optional.empty();
  }

  /// Whether a norm's gain could not be folded into its readers, as where a pathway reads it, too;
  /// the readers here have it nevertheless.
  boolean gainsLeft() {
    return spec().lnFinal().hasGain()
        || spec().blocks().stream()
            .anyMatch(block -> block.ln1().hasGain() || block.ln2().hasGain());
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
    Tensor weight = Wide.of(model().unembedding());
    return read(weight, spec().lnFinal(), "ln_final").order("d_model", "d_vocab");
  }

  // ---------------------------------------------------------------- attention

  /// `[head, d_model, d_head]`.
  Tensor queries(int layer) {
    return normed(layer, "q_norm", read(layer, "W_Q"), "head").order("head", "d_model", "d_head");
  }

  /// `[head, d_model, d_head]`, for each query head those it is paired with.
  Tensor keys(int layer) {
    Tensor keys = normed(layer, "k_norm", read(layer, "W_K"), "kv_head");
    return forEachHead(layer, keys).order("head", "d_model", "d_head");
  }

  /// `[head, d_model, d_head]`, for each query head those it is paired with.
  Tensor values(int layer) {
    return forEachHead(layer, read(layer, "W_V")).order("head", "d_model", "d_head");
  }

  /// `[head, d_head, d_model]`.
  Tensor outputs(int layer) {
    return written(attn(layer, "W_O"), spec().blocks().get(layer).ln1Post(), layer, "ln1_post")
        .order("head", "d_head", "d_model");
  }

  /// `[head, d_head]`, zeros where there is none.
  Tensor queryBias(int layer) {
    return readBias(layer, "Q")
        .map(bias -> normed(layer, "q_norm", bias, "head"))
        .orElseGet(() -> zeros(layer))
        .order("head", "d_head");
  }

  /// `[head, d_head]`, zeros where there is none.
  Tensor keyBias(int layer) {
    return readBias(layer, "K")
        .map(bias -> forEachHead(layer, normed(layer, "k_norm", bias, "kv_head")))
        .orElseGet(() -> zeros(layer))
        .order("head", "d_head");
  }

  /// `[head, d_head]`, zeros where there is none.
  Tensor valueBias(int layer) {
    return readBias(layer, "V")
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
    return shift(spec().blocks().get(layer).ln1Post(), "blocks.%d.ln1_post".formatted(layer));
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
    return readByMlp(layer, "W_in");
  }

  /// `[d_mlp, d_model]`.
  Tensor gate(int layer) {
    requireMlp(layer, !(mlp(layer) instanceof MlpSpec.Gated), "gate");
    return readByMlp(layer, "W_gate");
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

  /// What attention reads through its norm.
  private Tensor read(int layer, String name) {
    NormSpec norm = spec().blocks().get(layer).ln1();
    return read(attn(layer, name), norm, "blocks.%d.ln1".formatted(layer));
  }

  private Tensor readByMlp(int layer, String name) {
    BlockSpec block = spec().blocks().get(layer);
    boolean shared = block.wiring() == Wiring.PARALLEL_SHARED_NORM;
    Tensor weight = weight("blocks.%d.mlp.%s".formatted(layer, name));
    return read(
            weight,
            shared ? block.ln1() : block.ln2(),
            "blocks.%d.%s".formatted(layer, shared ? "ln1" : "ln2"))
        .order("d_mlp", "d_model");
  }

  /// A reader of a norm as a reader of what the norm scales, without the mean that it never sees.
  private Tensor read(Tensor weight, NormSpec norm, String path) {
    return centred(gained(weight, norm, path), norm, "d_model");
  }

  /// A map's bias and what the norm's shift becomes in it.
  private Optional<Tensor> readBias(int layer, String map) {
    Optional<Tensor> own = find(layer, "b_" + map);
    return shift(spec().blocks().get(layer).ln1(), "blocks.%d.ln1".formatted(layer))
        .map(shift -> attn(layer, "W_" + map).dot(shift, "d_model"))
        .map(more -> own.map(more::plus).orElse(more))
        .or(() -> own);
  }

  private Optional<Tensor> shift(NormSpec norm, String path) {
    return Norm.of(norm, parameters(), path)
            instanceof Norm.LayerNorm(Tensor _, Tensor shift, double _)
        ? Optional.of(Wide.of(shift))
        : Optional.empty();
  }

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
