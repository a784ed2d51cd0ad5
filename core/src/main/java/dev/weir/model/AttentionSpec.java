package dev.weir.model;

import dev.weir.tensor.Tensor;

/// How attention of one block is put together.
///
/// @param nHeads query heads
/// @param nKvHeads key/value heads, each serving `nHeads / nKvHeads` query heads
/// @param dHead size of a head
/// @param scale what the products of queries and keys are multiplied with
/// @param softcap what the scores pass through before the softmax
/// @param visibility which keys a query sees
/// @param positions how it tells positions apart
/// @param qkNorm which norm queries and keys pass, before rotation
/// @param biases which of its maps have biases
/// @param softmaxShare 1 for softmax attention; below, the rest is attention of weight 1 to every
///   visible key (Zhong et al. 2023, arXiv:2306.17844, section 2)
/// @param values where its values come from
public record AttentionSpec(
    int nHeads,
    int nKvHeads,
    int dHead,
    double scale,
    Softcap softcap,
    Visibility visibility,
    PositionCode positions,
    QkNorm qkNorm,
    Biases biases,
    double softmaxShare,
    Values values) {

  /// Attention whose values are its own.
  ///
  /// @param nHeads query heads
  /// @param nKvHeads key/value heads
  /// @param dHead size of a head
  /// @param scale what the products of queries and keys are multiplied with
  /// @param softcap what the scores pass through before the softmax
  /// @param visibility which keys a query sees
  /// @param positions how it tells positions apart
  /// @param qkNorm which norm queries and keys pass, before rotation
  /// @param biases which of its maps have biases
  /// @param softmaxShare 1 for softmax attention
  public AttentionSpec(
      int nHeads,
      int nKvHeads,
      int dHead,
      double scale,
      Softcap softcap,
      Visibility visibility,
      PositionCode positions,
      QkNorm qkNorm,
      Biases biases,
      double softmaxShare) {
    this(
        nHeads,
        nKvHeads,
        dHead,
        scale,
        softcap,
        visibility,
        positions,
        qkNorm,
        biases,
        softmaxShare,
        Values.OWN);
  }

  /// Where values come from (Zhou et al. 2024, "Value Residual Learning", arXiv:2410.17897).
  public enum Values {
    /// From the block's own map.
    OWN,
    /// From the block's own map and the first block's values, `λ_1 V_1 + λ_2 V_n`, half of each at
    /// the start (ResFormer).
    MIXED_WITH_FIRST,
    /// From the first block alone; later ones have no map (SVFormer).
    FIRST
  }

  /// Which keys a query sees.
  public sealed interface Visibility {

    /// Itself and everything before it.
    record Causal() implements Visibility {}

    /// The `windowSize` latest, itself included.
    record SlidingWindow(int windowSize) implements Visibility {}

    /// Every position of the text.
    record Bidirectional() implements Visibility {}
  }

  /// Which norm queries and keys pass.
  public sealed interface QkNorm {

    /// None.
    record NoQkNorm() implements QkNorm {}

    /// One over each head, weights `[d_head]` (Qwen 3, Gemma 3, Phi).
    record PerHead(NormSpec norm) implements QkNorm {}

    /// One over all heads together, weights `[head, d_head]` (OLMo 2).
    record AcrossHeads(NormSpec norm) implements QkNorm {}
  }

  /// Which maps have biases.
  public enum Biases {
    /// None.
    NONE,
    /// Queries, keys and values (Qwen 2).
    QKV,
    /// Queries, keys, values and the output.
    ALL
  }

  /// The longest text that its positions reach, in tokens.
  ///
  /// @param nCtx the context of the model, in tokens
  long longestText(int nCtx) {
    return switch (positions) {
      case PositionCode.Rotary(_, _, _, PositionCode.RotaryScaling.DynamicNtk _) ->
          Long.MAX_VALUE; // Its base grows with the text.
      case PositionCode.Rotary _ -> nCtx;
      case PositionCode.NoPositions _, PositionCode.Learned _, PositionCode.Shortformer _ ->
          Long.MAX_VALUE;
    };
  }

  /// Queries turned as they are when the key lies some positions before, so that their product with
  /// keys as they are is that of both turned; where the model stretches queries and keys for longer
  /// texts, so does this. Where angles depend on the length of the text, they are those of the
  /// shortest that holds both. Same shape; unchanged where positions turn nothing.
  ///
  /// @param queries `[.., d_head]`
  /// @param offset how many positions the key lies before the query
  /// @param nCtx the context of the model, in tokens
  public Tensor turned(Tensor queries, int offset, int nCtx) {
    return positions instanceof PositionCode.Rotary code
        ? new Rotary(code, nCtx).turnedApart(queries, offset)
        : queries;
  }

  /// The same attention with another softcap.
  ///
  /// @param other what the scores pass through
  public AttentionSpec withSoftcap(Softcap other) {
    return with(other, positions, qkNorm, biases, values);
  }

  /// The same attention with another position code.
  ///
  /// @param other how it tells positions apart
  public AttentionSpec withPositions(PositionCode other) {
    return with(softcap, other, qkNorm, biases, values);
  }

  /// The same attention with other biases.
  ///
  /// @param other which of its maps have biases
  public AttentionSpec withBiases(Biases other) {
    return with(softcap, positions, qkNorm, other, values);
  }

  /// The same attention with another norm of queries and keys.
  ///
  /// @param other which norm they pass
  public AttentionSpec withQkNorm(QkNorm other) {
    return with(softcap, positions, other, biases, values);
  }

  /// The same attention with other values.
  ///
  /// @param other where they come from
  public AttentionSpec withValues(Values other) {
    return with(softcap, positions, qkNorm, biases, other);
  }

  private AttentionSpec with(
      Softcap otherCap, PositionCode code, QkNorm norm, Biases maps, Values from) {
    return new AttentionSpec(
        nHeads, nKvHeads, dHead, scale, otherCap, visibility, code, norm, maps, softmaxShare, from);
  }

  /// The same attention over the latest positions only.
  ///
  /// @param windowSize how many, itself included
  public AttentionSpec withWindow(int windowSize) {
    return new AttentionSpec(
        nHeads,
        nKvHeads,
        dHead,
        scale,
        softcap,
        new Visibility.SlidingWindow(windowSize),
        positions,
        qkNorm,
        biases,
        softmaxShare,
        Values.OWN);
  }
}
