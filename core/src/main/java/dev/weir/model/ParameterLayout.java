package dev.weir.model;

import dev.weir.pathway.Weight;
import dev.weir.stream.NormSite;
import dev.weir.tensor.Axis;
import dev.weir.tensor.Shape;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// Which weights a [TransformerSpec] calls for, by TransformerLens's names, and with which axes.
/// The order of the axes is free: files differ in it, and nothing depends on it.
public final class ParameterLayout {
  private final TransformerSpec spec;
  private final Axis dModel;
  private final Map<String, Shape> shapes = new LinkedHashMap<>();
  private final Map<String, Weight> declared = new LinkedHashMap<>();

  private ParameterLayout(TransformerSpec spec) {
    this.spec = spec;
    this.dModel = new Axis("d_model", spec.dModel());
  }

  /// Every weight of such a model, in the order of the computation.
  ///
  /// @param spec how the model is put together
  public static Map<String, Shape> of(TransformerSpec spec) {
    ParameterLayout layout = new ParameterLayout(spec);
    layout.embedding();
    for (int layer = 0; layer < spec.nLayers(); layer++) {
      layout.block(layer);
    }
    layout.declare(spec.pathway().weights(spec.depth()));
    layout.unembedding();
    return layout.shapes;
  }

  /// What the pathway's and the local mixers' weights are before training, by name.
  ///
  /// @param spec how the model is put together
  public static Map<String, Weight> declared(TransformerSpec spec) {
    ParameterLayout layout = new ParameterLayout(spec);
    for (int layer = 0; layer < spec.nLayers(); layer++) {
      layout.mixing(layer);
    }
    layout.declare(spec.pathway().weights(spec.depth()));
    return layout.declared;
  }

  /// The weights that weight decay draws to zero: matrices, but no gains, biases, gates or
  /// connection weights.
  ///
  /// @param spec how the model is put together
  public static Set<String> decayed(TransformerSpec spec) {
    Map<String, Weight> declared = declared(spec);
    return of(spec).keySet().stream()
        .filter(name ->
            declared.containsKey(name)
                ? declared.get(name).decay() == Weight.Decay.ON
                : name.startsWith("W_", name.lastIndexOf('.') + 1))
        .collect(Collectors.toUnmodifiableSet());
  }

  /// The weights of attention with values of its own.
  static List<Shape> ofAttention(AttentionSpec attention, int dModel) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    attention(shapes, new Axis("d_model", dModel), "", attention, true);
    return List.copyOf(shapes.values());
  }

  private void declare(Map<String, Weight> weights) {
    declared.putAll(weights);
    weights.forEach((name, weight) -> shapes.put(name, weight.shape()));
  }

  private void mixing(int layer) {
    BlockSpec block = spec.blocks().get(layer);
    Map<String, Weight> weights = new LinkedHashMap<>();
    block
        .local()
        .weights(block, spec.dModel())
        .forEach((name, weight) -> weights.put("blocks.%d.%s".formatted(layer, name), weight));
    if (layer > 0 && block.attention().values() == AttentionSpec.Values.MIXED_WITH_FIRST) {
      weights.put(
          "blocks.%d.attn.lambda_v".formatted(layer),
          Weight.constant(Shape.of(new Axis("part", 2)), 0.5));
    }
    declare(weights);
  }

  /// Complains about everything that does not fit.
  ///
  /// @param spec how the model is put together
  /// @param parameters its numbers
  /// @param where the file they come from, for messages
  static void check(TransformerSpec spec, Parameters parameters, String where) {
    Map<String, Shape> expected = of(spec);
    List<String> missing = new ArrayList<>(expected.keySet());
    missing.removeAll(parameters.tensors().keySet());
    if (!missing.isEmpty()) {
      throw ModelException.missing(missing, where);
    }
    List<String> spare = new ArrayList<>(parameters.tensors().keySet());
    spare.removeAll(expected.keySet());
    if (!spare.isEmpty()) {
      throw ModelException.spare(spare, where);
    }
    expected.forEach((name, shape) -> checkOne(name, parameters.get(name), shape, where));
  }

  private static void checkOne(String name, Tensor tensor, Shape expected, String where) {
    Set<Axis> found = new HashSet<>(tensor.shape().axes());
    if (!found.equals(new HashSet<>(expected.axes()))) {
      throw ModelException.wrongShape(name, tensor.shape().toString(), expected.toString(), where);
    }
    if (!tensor.dtype().isFloating()) {
      throw ModelException.notNumbers(name, tensor.dtype().toString(), where);
    }
  }

  private void embedding() {
    shapes.put("embed.W_E", Shape.of(new Axis("d_vocab", spec.dVocab()), dModel));
    if (!(spec.positions() instanceof PositionCode.NoPositions)) {
      shapes.put("pos_embed.W_pos", Shape.of(new Axis("n_ctx", spec.nCtx()), dModel));
    }
  }

  private void block(int layer) {
    BlockSpec block = spec.blocks().get(layer);
    if (block.local().hasSublayer()) {
      norm(new NormSite.Ln0(layer), block.local().ln0());
    }
    if (block.local().sublayer() instanceof LocalMixing.Sublayer.ShortSwa(AttentionSpec local)) {
      attention("blocks.%d.local.".formatted(layer), local, true);
    }
    norm(new NormSite.Ln1(layer), block.ln1());
    attention("blocks.%d.attn.".formatted(layer), block.attention(), ownValues(layer));
    norm(new NormSite.Ln1Post(layer), block.ln1Post());
    norm(new NormSite.Ln2(layer), block.ln2());
    mlp("blocks.%d.mlp.".formatted(layer), block.mlp());
    norm(new NormSite.Ln2Post(layer), block.ln2Post());
    mixing(layer);
  }

  private boolean ownValues(int layer) {
    return layer == 0
        || spec.blocks().get(layer).attention().values() != AttentionSpec.Values.FIRST;
  }

  private void norm(NormSite site, NormSpec norm) {
    normAt(shapes, site.path(), norm, Shape.of(dModel));
  }

  private static void normAt(Map<String, Shape> shapes, String path, NormSpec norm, Shape shape) {
    if (norm.hasGain()) {
      shapes.put(path + ".w", shape);
    }
    if (norm instanceof NormSpec.LayerNorm) {
      shapes.put(path + ".b", shape);
    }
  }

  private void attention(String path, AttentionSpec attention, boolean ownValues) {
    attention(shapes, dModel, path, attention, ownValues);
  }

  private static void attention(
      Map<String, Shape> shapes,
      Axis dModel,
      String path,
      AttentionSpec attention,
      boolean ownValues) {
    Axis head = new Axis("head", attention.nHeads());
    Axis kvHead = new Axis("kv_head", attention.nKvHeads());
    Axis dHead = new Axis("d_head", attention.dHead());
    shapes.put(path + "W_Q", Shape.of(head, dHead, dModel));
    shapes.put(path + "W_K", Shape.of(kvHead, dHead, dModel));
    if (ownValues) {
      shapes.put(path + "W_V", Shape.of(kvHead, dHead, dModel));
    }
    shapes.put(path + "W_O", Shape.of(head, dHead, dModel));
    if (attention.biases() != AttentionSpec.Biases.NONE) {
      shapes.put(path + "b_Q", Shape.of(head, dHead));
      shapes.put(path + "b_K", Shape.of(kvHead, dHead));
      if (ownValues) {
        shapes.put(path + "b_V", Shape.of(kvHead, dHead));
      }
    }
    if (attention.biases() == AttentionSpec.Biases.ALL) {
      shapes.put(path + "b_O", Shape.of(dModel));
    }
    switch (attention.qkNorm()) {
      case AttentionSpec.QkNorm.NoQkNorm() -> {}
      case AttentionSpec.QkNorm.PerHead(NormSpec norm) -> {
        normAt(shapes, path + "q_norm", norm, Shape.of(dHead));
        normAt(shapes, path + "k_norm", norm, Shape.of(dHead));
      }
      case AttentionSpec.QkNorm.AcrossHeads(NormSpec norm) -> {
        normAt(shapes, path + "q_norm", norm, Shape.of(head, dHead));
        normAt(shapes, path + "k_norm", norm, Shape.of(kvHead, dHead));
      }
    }
  }

  private void mlp(String path, MlpSpec mlp) {
    switch (mlp) {
      case MlpSpec.NoMlp() -> {}
      case MlpSpec.Plain(int neurons, _, boolean biases) -> {
        Axis dMlp = new Axis("d_mlp", neurons);
        shapes.put(path + "W_in", Shape.of(dMlp, dModel));
        shapes.put(path + "W_out", Shape.of(dMlp, dModel));
        mlpBiases(path, dMlp, biases);
      }
      case MlpSpec.Gated(int neurons, _, MlpSpec.GatedBiases biases) -> {
        Axis dMlp = new Axis("d_mlp", neurons);
        shapes.put(path + "W_gate", Shape.of(dMlp, dModel));
        shapes.put(path + "W_in", Shape.of(dMlp, dModel));
        shapes.put(path + "W_out", Shape.of(dMlp, dModel));
        if (biases == MlpSpec.GatedBiases.EACH_MAP) {
          shapes.put(path + "b_gate", Shape.of(dMlp));
        }
        mlpBiases(path, dMlp, biases != MlpSpec.GatedBiases.NONE);
      }
    }
  }

  private void mlpBiases(String path, Axis dMlp, boolean biases) {
    if (biases) {
      shapes.put(path + "b_in", Shape.of(dMlp));
      shapes.put(path + "b_out", Shape.of(dModel));
    }
  }

  private void unembedding() {
    norm(new NormSite.LnFinal(), spec.lnFinal());
    Axis dVocab = new Axis("d_vocab", spec.dVocabOut());
    if (spec.unembedding() != TransformerSpec.Unembedding.TIED) {
      shapes.put("unembed.W_U", Shape.of(dModel, dVocab));
    }
    if (spec.unembedding() == TransformerSpec.Unembedding.SEPARATE_WITH_BIAS) {
      shapes.put("unembed.b_U", Shape.of(dVocab));
    }
  }
}
