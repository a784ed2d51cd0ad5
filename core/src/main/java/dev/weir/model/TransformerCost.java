package dev.weir.model;

import dev.weir.pathway.PathwayCost;
import dev.weir.tensor.Shape;

/// What one token costs a whole model: its blocks, its local mixers and its pathway. What counts as
/// an operation, [PathwayCost] says; every product of matrices is two operations for each weight it
/// uses, and attention four for each feature of a head and key it sees.
///
/// @param parameters how many weights
/// @param flops floating-point operations per token, forward
/// @param products the part of `flops` that is products with weights: twice the weights of all
///   maps, the unembedding included
/// @param attention the part of `flops` that grows with the text: queries with keys, softmax,
///   values
/// @param cached elements that the cache of keys and values grows by with each token
/// @param remembered elements per sequence that decoding keeps beside that cache
public record TransformerCost(
    double parameters,
    double flops,
    double products,
    double attention,
    double cached,
    double remembered) {

  /// A backward pass multiplies twice where the forward pass multiplied once.
  private static final double TRAINING_FACTOR = 3;

  /// Of the mean token of a text.
  ///
  /// @param spec how the model is put together
  /// @param context how long the text is, in tokens
  public static TransformerCost ofText(TransformerSpec spec, long context) {
    return of(spec, Visible.onAverage(context));
  }

  /// Of the last token of a text, the tokens before it cached.
  ///
  /// @param spec how the model is put together
  /// @param context how long the text is, in tokens
  public static TransformerCost ofLastToken(TransformerSpec spec, long context) {
    return of(spec, Visible.atTheEnd(context));
  }

  /// Floating-point operations per token, forward, for the mean token of a text.
  ///
  /// @param spec how the model is put together
  /// @param context how long the text is, in tokens
  public static double flopsPerToken(TransformerSpec spec, long context) {
    return ofText(spec, context).flops;
  }

  /// The same for a training step: forward, and twice as much backward (the convention of Kaplan et
  /// al. 2020, arXiv:2001.08361). It holds for products with weights; of what attention, norms and
  /// routing do backward it is an estimate.
  ///
  /// @param spec how the model is put together
  /// @param context how long the text is, in tokens
  public static double trainingFlopsPerToken(TransformerSpec spec, long context) {
    return TRAINING_FACTOR * flopsPerToken(spec, context);
  }

  private static TransformerCost of(TransformerSpec spec, Visible visible) {
    double d = spec.dModel();
    MixerCost mixers = MixerCost.of(spec, visible);
    PathwayCost pathway = spec.pathway().cost(spec.depth());
    double unembedded = 2 * d * spec.dVocabOut();
    double flops = mixers.flops() + pathway.flops() + norm(spec.lnFinal(), d) + unembedded;
    double products = unembedded;
    double attention = 0;
    double cached = mixers.cached();
    for (BlockSpec block : spec.blocks()) {
      AttentionSpec heads = block.attention();
      double keys = visible.keys(heads.visibility());
      flops += block(block, d, keys);
      // Queries, keys and values each pass the norm where they read apart.
      flops += spec.pathway().readsApart() ? 2 * norm(block.ln1(), d) : 0;
      products += maps(heads, d) + 2 * mlpWeights(block.mlp(), d);
      attention += mixed(heads.nHeads(), heads.dHead(), keys);
      cached += 2.0 * heads.nKvHeads() * heads.dHead();
    }
    flops += beside(spec);
    return new TransformerCost(
        parameters(spec),
        flops,
        products,
        attention,
        cached,
        mixers.remembered() + pathway.remembered());
  }

  private static double parameters(TransformerSpec spec) {
    return ParameterLayout.of(spec).values().stream().mapToDouble(Shape::elements).sum();
  }

  /// Positions, the unembedding's bias, the last softcap.
  private static double beside(TransformerSpec spec) {
    boolean biased = spec.unembedding() == TransformerSpec.Unembedding.SEPARATE_WITH_BIAS;
    return (spec.positions() instanceof PositionCode.Learned ? spec.dModel() : 0)
        + (spec.embedScale() == 1 ? 0 : spec.dModel())
        + (biased ? spec.dVocabOut() : 0)
        + capped(spec.finalSoftcap()) * spec.dVocabOut();
  }

  private static double block(BlockSpec block, double d, double keys) {
    double writes = (1 + (block.hasMlp() ? 1 : 0)) * d;
    return norm(block.ln1(), d)
        + attention(block.attention(), d, keys)
        + norm(block.ln1Post(), d)
        + norm(block.ln2(), d)
        + mlp(block.mlp(), d)
        + norm(block.ln2Post(), d)
        + writes;
  }

  /// The operations of attention whose values are its own.
  ///
  /// @param spec how it is put together
  /// @param d width of the stream
  /// @param keys how many keys the query sees
  static double attention(AttentionSpec spec, double d, double keys) {
    double heads = spec.nHeads();
    double both = heads + spec.nKvHeads();
    double turned =
        spec.positions() instanceof PositionCode.Rotary code ? 3 * both * code.dimensions() : 0;
    double normed =
        switch (spec.qkNorm()) {
          case AttentionSpec.QkNorm.NoQkNorm() -> 0;
          case AttentionSpec.QkNorm.PerHead(NormSpec norm) -> both * norm(norm, spec.dHead());
          case AttentionSpec.QkNorm.AcrossHeads(NormSpec norm) ->
              norm(norm, heads * spec.dHead()) + norm(norm, (both - heads) * spec.dHead());
        };
    double biases =
        switch (spec.biases()) {
          case NONE -> 0;
          case QKV -> (both + spec.nKvHeads()) * spec.dHead();
          case ALL -> (both + spec.nKvHeads()) * spec.dHead() + d;
        };
    double shared = spec.softmaxShare() == 1 ? 0 : 4 * heads * keys;
    return maps(spec, d)
        + turned
        + normed
        + biases
        + mixed(spec.nHeads(), spec.dHead(), keys)
        + capped(spec.softcap()) * heads * keys
        + shared;
  }

  /// The operations of scores, softmax and values.
  static double mixed(int heads, int dHead, double keys) {
    double width = (double) heads * dHead;
    return width + 4 * width * keys + 5 * heads * keys;
  }

  private static double maps(AttentionSpec spec, double d) {
    return 2 * d * spec.dHead() * (2.0 * spec.nHeads() + 2.0 * spec.nKvHeads());
  }

  private static double mlpWeights(MlpSpec mlp, double d) {
    return switch (mlp) {
      case MlpSpec.NoMlp() -> 0;
      case MlpSpec.Plain(int neurons, _, _) -> 2.0 * d * neurons;
      case MlpSpec.Gated(int neurons, _, _) -> 3.0 * d * neurons;
    };
  }

  private static double mlp(MlpSpec mlp, double d) {
    double products = 2 * mlpWeights(mlp, d);
    return switch (mlp) {
      case MlpSpec.NoMlp() -> 0;
      case MlpSpec.Plain(int neurons, Activation activation, boolean biases) ->
          products + activated(activation) * neurons + (biases ? neurons + d : 0);
      case MlpSpec.Gated(int neurons, Activation activation, MlpSpec.GatedBiases biases) -> {
        double added =
            switch (biases) {
              case NONE -> 0;
              case EACH_MAP -> 2.0 * neurons + d;
              case PRODUCT -> neurons + d;
            };
        yield products + (activated(activation) + 1) * neurons + added;
      }
    };
  }

  private static double activated(Activation activation) {
    return switch (activation) {
      case RELU, GELU, GELU_TANH, SILU -> 1;
      case QUICK_GELU -> 3;
      case IDENTITY -> 0;
    };
  }

  private static double capped(Softcap softcap) {
    return softcap instanceof Softcap.Unbounded ? 0 : 3;
  }

  /// The operations of a norm over vectors of this width.
  static double norm(NormSpec norm, double width) {
    double scaled = 3 * width + 2;
    return switch (norm) {
      case NormSpec.NoNorm() -> 0;
      case NormSpec.LayerNorm _ -> scaled + 4 * width;
      case NormSpec.LayerNormPre _ -> scaled + 2 * width;
      case NormSpec.RmsNorm _ -> scaled + width;
      case NormSpec.RmsNormPre _ -> scaled;
    };
  }
}
