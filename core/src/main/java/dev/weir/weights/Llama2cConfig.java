package dev.weir.weights;

/// The hyper-parameters in the header of a llama2.c file.
///
/// @param version 0 (no magic number) or 1
/// @param dModel width of the residual stream
/// @param dMlp width of the gated MLP
/// @param nLayers how many blocks
/// @param nHeads query heads of each block
/// @param nKvHeads key/value heads of each block; divides `nHeads`
/// @param dVocab how many tokens
/// @param nCtx how many positions it was trained for
/// @param unembedding where the unembedding is
public record Llama2cConfig(
    int version,
    int dModel,
    int dMlp,
    int nLayers,
    int nHeads,
    int nKvHeads,
    int dVocab,
    int nCtx,
    Unembedding unembedding) {

  /// Where the unembedding is.
  public enum Unembedding {
    /// It is the embedding.
    TIED,
    /// It is a matrix of its own, `lm_head.weight`.
    SEPARATE
  }

  /// Width of one head.
  public int dHead() {
    return dModel / nHeads;
  }

  /// Whether the numbers can belong to a model at all.
  boolean isPlausible() {
    return dModel > 0
        && dMlp > 0
        && nLayers > 0
        && nLayers <= 10_000
        && nHeads > 0
        && dModel % nHeads == 0
        && nKvHeads > 0
        && nHeads % nKvHeads == 0
        && dVocab > 0
        && nCtx > 0;
  }
}
