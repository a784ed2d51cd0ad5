package dev.weir.model;

import dev.weir.model.BlockSpec.Wiring;
import dev.weir.pathway.PreNorm;
import dev.weir.tensor.Axis;
import dev.weir.tensor.DType;
import dev.weir.tensor.Scope;
import dev.weir.tensor.Tensor;
import dev.weir.tensor.TensorOwner;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/// Moves parts of norms and biases into other weights without changing what a model computes, so
/// that weights can be multiplied with each other as the stream meets them (TransformerLens's
/// weight processing). Always makes a new model; sums are taken in float64.
public final class Folding {
  private final Set<Step> steps;
  private final Map<String, Tensor> weights = new LinkedHashMap<>();
  private final Map<String, TensorOwner> owners = new LinkedHashMap<>();
  private TransformerSpec spec;

  private Folding(Transformer model, Set<Step> steps) {
    this.spec = model.spec();
    this.steps = steps;
    model.parameters().tensors().forEach((name, w) -> put(name, w.to(DType.FLOAT64).alias()));
  }

  /// What can be folded, in the order it is done.
  public enum Step {
    /// What norms add goes into their readers' biases.
    NORM_BIASES,
    /// What norms multiply with goes into their readers' weights.
    NORM_GAINS,
    /// Readers lose their mean over `d_model`, which a centring norm never shows them.
    CENTRE_READING,
    /// Writers lose their mean over `d_model`, which no centring reader sees.
    CENTRE_WRITING,
    /// The unembedding loses its mean over the vocabulary: all logits of a position move together.
    CENTRE_UNEMBEDDING,
    /// Value biases go through to the output bias, since attention rows sum to 1.
    VALUE_BIASES
  }

  /// Every step that leaves a model's predictions as they are.
  ///
  /// @param model any model
  public static Set<Step> possible(Transformer model) {
    Set<Step> possible = EnumSet.noneOf(Step.class);
    for (Step step : Step.values()) {
      Set<Step> tried = EnumSet.copyOf(possible);
      tried.add(step);
      if (objection(model.spec(), step, tried).isEmpty()) {
        possible.add(step);
      }
    }
    return possible;
  }

  /// A new model with these steps done.
  ///
  /// @param model the raw model, which stays as it is
  /// @param steps what to fold
  /// @return the new model, which does not need the raw one any more
  /// @throws ModelException if a step would change what the model computes
  public static Folded fold(Transformer model, Set<Step> steps) {
    for (Step step : steps) {
      objection(model.spec(), step, steps)
          .ifPresent(why -> {
            throw ModelException.cannotFold(step.toString(), why);
          });
    }
    DType dtype = model.dtype();
    TensorOwner owner = new TensorOwner();
    try (Scope _ = Scope.open()) {
      Folding folding = new Folding(model, steps);
      Map<String, Tensor> owned = new LinkedHashMap<>();
      try {
        folding.run();
        folding.weights.forEach((name, weight) -> {
          try (Scope _ = Scope.open()) {
            owned.put(name, owner.own(weight.to(dtype).copy()));
          }
        });
      } finally {
        folding.owners.values().forEach(TensorOwner::close);
      }
      return new Folded(
          Transformer.of(folding.spec, new Parameters(owned), owner, "folded weights"),
          new Coordinates(steps));
    }
  }

  // ---------------------------------------------------------------- what would change the function

  private static Optional<String> objection(TransformerSpec spec, Step step, Set<Step> all) {
    if (step != Step.CENTRE_UNEMBEDDING) {
      Optional<String> otherReaders = otherReaders(spec);
      if (otherReaders.isPresent()) {
        return otherReaders;
      }
    }
    return switch (step) {
      case NORM_BIASES -> objectionToBiases(spec);
      case NORM_GAINS -> objectionToGains(spec, all);
      case CENTRE_READING ->
          centresEverywhere(spec, all)
              ? Optional.empty()
              : Optional.of("a norm keeps the mean, or its gain and shift are not folded");
      case CENTRE_WRITING -> objectionToCentredWriting(spec);
      case CENTRE_UNEMBEDDING ->
          spec.finalSoftcap() instanceof Softcap.Unbounded
              ? Optional.empty()
              : Optional.of("its logits are capped, and a cap is not the same after a shift");
      case VALUE_BIASES ->
          spec.blocks().stream().allMatch(block -> block.attention().softmaxShare() == 1)
              ? Optional.empty()
              : Optional.of("its attention rows do not sum to 1");
    };
  }

  /// What reads norms' outputs or values beside the maps that steps fold into.
  private static Optional<String> otherReaders(TransformerSpec spec) {
    if (spec.pathway().readsNormed()) {
      return Optional.of("its pathway reads what the norms give, too");
    }
    for (BlockSpec block : spec.blocks()) {
      if (!block.local().equals(LocalMixing.none())) {
        return Optional.of("its local mixers stand between norms and maps");
      }
      if (block.attention().values() != AttentionSpec.Values.OWN) {
        return Optional.of("its blocks attend to the first block's values");
      }
    }
    return Optional.empty();
  }

  private static Optional<String> objectionToBiases(TransformerSpec spec) {
    boolean onProduct =
        spec.blocks().stream()
            .anyMatch(block ->
                mlpNorm(block) instanceof NormSpec.LayerNorm
                    && block.mlp() instanceof MlpSpec.Gated(_, _, MlpSpec.GatedBiases biases)
                    && biases == MlpSpec.GatedBiases.PRODUCT);
    return onProduct
        ? Optional.of("its gated MLPs have no place for a bias before the product")
        : Optional.empty();
  }

  private static Optional<String> objectionToGains(TransformerSpec spec, Set<Step> all) {
    boolean shifts =
        spec.lnFinal() instanceof NormSpec.LayerNorm
            || spec.blocks().stream()
                .anyMatch(block ->
                    block.ln1() instanceof NormSpec.LayerNorm
                        || block.ln2() instanceof NormSpec.LayerNorm);
    if (shifts && !all.contains(Step.NORM_BIASES)) {
      return Optional.of("its norms' shifts, still there, would be multiplied too");
    }
    boolean beside =
        spec.positions() instanceof PositionCode.Shortformer
            && spec.blocks().stream().anyMatch(block -> block.ln1().hasGain());
    return beside
        ? Optional.of("queries and keys also read positions, which pass no norm")
        : Optional.empty();
  }

  /// Whether what every reader sees has mean 0.
  private static boolean centresEverywhere(TransformerSpec spec, Set<Step> all) {
    boolean folded = all.contains(Step.NORM_BIASES) && all.contains(Step.NORM_GAINS);
    return readingNorms(spec).stream()
            .allMatch(norm ->
                norm instanceof NormSpec.LayerNormPre
                    || (folded && norm instanceof NormSpec.LayerNorm))
        && !(spec.positions() instanceof PositionCode.Shortformer);
  }

  private static Optional<String> objectionToCentredWriting(TransformerSpec spec) {
    if (!(spec.pathway() instanceof PreNorm)) {
      return Optional.of("its pathway changes the stream after each write");
    }
    if (!readingNorms(spec).stream().allMatch(NormSpec::centres)) {
      return Optional.of("something reads the stream without a norm that subtracts the mean");
    }
    boolean postNorms =
        spec.blocks().stream()
            .anyMatch(block ->
                !(block.ln1Post() instanceof NormSpec.NoNorm)
                    || !(block.ln2Post() instanceof NormSpec.NoNorm));
    return postNorms ? Optional.of("its writes pass a norm after their weights") : Optional.empty();
  }

  private static List<NormSpec> readingNorms(TransformerSpec spec) {
    List<NormSpec> norms = new ArrayList<>();
    for (BlockSpec block : spec.blocks()) {
      norms.add(block.ln1());
      if (!(block.mlp() instanceof MlpSpec.NoMlp)) {
        norms.add(mlpNorm(block));
      }
    }
    norms.add(spec.lnFinal());
    return norms;
  }

  private static NormSpec mlpNorm(BlockSpec block) {
    return block.wiring() == Wiring.PARALLEL_SHARED_NORM ? block.ln1() : block.ln2();
  }

  // ---------------------------------------------------------------- the steps

  private void run() {
    if (spec.unembedding() == TransformerSpec.Unembedding.TIED && touchesUnembedding()) {
      put("unembed.W_U", weight("embed.W_E").alias());
      spec = spec.withUnembedding(TransformerSpec.Unembedding.SEPARATE);
    }
    for (int layer = 0; layer < spec.nLayers(); layer++) {
      foldBlock(layer);
    }
    foldNorm("ln_final", spec.lnFinal(), List.of("unembed.W_U"));
    if (steps.contains(Step.NORM_BIASES)
        && spec.lnFinal() instanceof NormSpec.LayerNorm
        && weights.containsKey("unembed.b_U")) {
      spec = spec.withUnembedding(TransformerSpec.Unembedding.SEPARATE_WITH_BIAS);
    }
    spec = spec.withLnFinal(after(spec.lnFinal()));
    if (steps.contains(Step.CENTRE_WRITING)) {
      centreWriting();
    }
    if (steps.contains(Step.CENTRE_UNEMBEDDING)) {
      change("unembed.W_U", w -> w.minus(w.mean("d_vocab")));
      change("unembed.b_U", b -> b.minus(b.mean("d_vocab")));
    }
  }

  /// Tied matrices become two: what the unembedding loses, the embedding keeps, and the other way.
  private boolean touchesUnembedding() {
    return !steps.stream().allMatch(step -> step == Step.VALUE_BIASES);
  }

  private void foldBlock(int layer) {
    BlockSpec block = spec.blocks().get(layer);
    String path = "blocks.%d.".formatted(layer);
    List<String> attention = List.of(path + "attn.W_Q", path + "attn.W_K", path + "attn.W_V");
    List<String> mlp =
        switch (block.mlp()) {
          case MlpSpec.NoMlp() -> List.of();
          case MlpSpec.Plain _ -> List.of(path + "mlp.W_in");
          case MlpSpec.Gated _ -> List.of(path + "mlp.W_in", path + "mlp.W_gate");
        };
    boolean shared = block.wiring() == Wiring.PARALLEL_SHARED_NORM;
    List<String> first = new ArrayList<>(attention);
    if (shared) {
      first.addAll(mlp);
    }
    foldNorm(path + "ln1", block.ln1(), first);
    if (!shared) {
      foldNorm(path + "ln2", block.ln2(), mlp);
    }
    if (steps.contains(Step.VALUE_BIASES)) {
      foldValueBias(path + "attn.");
    }
    replaceBlock(layer, withBiases(block, path));
  }

  private void replaceBlock(int layer, BlockSpec block) {
    List<BlockSpec> blocks = new ArrayList<>(spec.blocks());
    blocks.set(
        layer,
        new BlockSpec(
            block.attention(),
            block.mlp(),
            block.wiring(),
            after(block.ln1()),
            block.ln1Post(),
            after(block.ln2()),
            block.ln2Post(),
            block.local()));
    spec = spec.withBlocks(blocks);
  }

  /// What is left of a norm that is read through.
  private NormSpec after(NormSpec norm) {
    if (!steps.contains(Step.NORM_GAINS)) {
      return norm;
    }
    return switch (norm) {
      case NormSpec.LayerNorm(double epsilon) -> new NormSpec.LayerNormPre(epsilon);
      case NormSpec.RmsNorm(double epsilon, _) -> new NormSpec.RmsNormPre(epsilon);
      case NormSpec.NoNorm _, NormSpec.LayerNormPre _, NormSpec.RmsNormPre _ -> norm;
    };
  }

  private void foldNorm(String path, NormSpec norm, List<String> readers) {
    if (steps.contains(Step.NORM_BIASES) && norm instanceof NormSpec.LayerNorm) {
      Tensor shift = weight(path + ".b");
      readers.forEach(reader -> addToBias(reader, shift));
      change(path + ".b", b -> b.times(0));
    }
    if (steps.contains(Step.NORM_GAINS) && norm.hasGain()) {
      Tensor gain = gain(path, norm);
      readers.forEach(reader -> change(reader, w -> w.times(gain)));
      weights.remove(path + ".w");
      weights.remove(path + ".b");
    }
    if (steps.contains(Step.CENTRE_READING)) {
      readers.forEach(reader -> change(reader, w -> w.minus(w.mean("d_model"))));
    }
  }

  private Tensor gain(String path, NormSpec norm) {
    Tensor stored = weight(path + ".w");
    return norm instanceof NormSpec.RmsNorm(_, NormSpec.Gain meaning)
            && meaning == NormSpec.Gain.OFFSET_BY_ONE
        ? stored.plus(1)
        : stored;
  }

  /// `b ← b + shift W`, before the gain is multiplied in.
  private void addToBias(String reader, Tensor shift) {
    Tensor added = shift.dot(weight(reader), "d_model");
    String bias = reader.replaceFirst("W_([A-Za-z]+)$", "b_$1");
    weights.merge(bias, added, Tensor::plus);
  }

  private void foldValueBias(String path) {
    Tensor values = weights.get(path + "b_V");
    if (values == null) {
      return;
    }
    Tensor output = weight(path + "W_O");
    long group = output.size("head") / values.size("kv_head");
    Tensor each =
        values
            .order("kv_head", "d_head")
            .repeat(new Axis("group", group))
            .order("kv_head", "group", "d_head")
            .merge("head", "kv_head", "group");
    Tensor added = each.dot(output, "head", "d_head");
    weights.merge(path + "b_O", added, Tensor::plus);
    weights.put(path + "b_V", values.times(0));
  }

  /// A block with room for the biases that came to be, zeros where one map has none.
  private BlockSpec withBiases(BlockSpec block, String path) {
    AttentionSpec attention = block.attention();
    if (weights.containsKey(path + "attn.b_O")) {
      attention = attention.withBiases(AttentionSpec.Biases.ALL);
    } else if (weights.containsKey(path + "attn.b_Q")) {
      attention = attention.withBiases(AttentionSpec.Biases.QKV);
    }
    BlockSpec result = block.withAttention(attention);
    if (!weights.containsKey(path + "mlp.b_in")) {
      return result;
    }
    Tensor out = weight(path + "mlp.W_out");
    weights.computeIfAbsent(path + "mlp.b_out", _ -> out.mean("d_mlp").times(0));
    return switch (block.mlp()) {
      case MlpSpec.NoMlp _ -> result;
      case MlpSpec.Plain(int dMlp, Activation activation, _) ->
          result.withMlp(new MlpSpec.Plain(dMlp, activation, true));
      case MlpSpec.Gated(int dMlp, Activation activation, MlpSpec.GatedBiases biases) ->
          result.withMlp(
              new MlpSpec.Gated(
                  dMlp,
                  activation,
                  biases == MlpSpec.GatedBiases.NONE ? MlpSpec.GatedBiases.EACH_MAP : biases));
    };
  }

  private void centreWriting() {
    centreRows("embed.W_E");
    if (spec.positions() instanceof PositionCode.Learned) {
      centreRows("pos_embed.W_pos");
    }
    for (int layer = 0; layer < spec.nLayers(); layer++) {
      for (String writer : List.of("attn.W_O", "attn.b_O", "mlp.W_out", "mlp.b_out")) {
        centreRows("blocks.%d.%s".formatted(layer, writer));
      }
    }
  }

  private void centreRows(String name) {
    change(name, w -> w.minus(w.mean("d_model")));
  }

  private Tensor weight(String name) {
    return new Parameters(weights).get(name);
  }

  private void change(String name, UnaryOperator<Tensor> how) {
    if (weights.containsKey(name)) {
      try (Scope _ = Scope.open()) {
        put(name, how.apply(weight(name)));
      }
    }
  }

  /// Puts a weight in the place of what it was before, which is freed: all steps of all weights
  /// together would take several times the memory of the model.
  private void put(String name, Tensor weight) {
    TensorOwner owner = new TensorOwner();
    weights.put(name, owner.own(weight));
    Optional.ofNullable(owners.put(name, owner)).ifPresent(TensorOwner::close);
  }
}
