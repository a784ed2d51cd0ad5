package dev.weir.model;

/// How one block is put together.
///
/// @param attention its attention
/// @param mlp its MLP
/// @param wiring in which order the two meet the stream
/// @param ln1 the norm attention reads through
/// @param ln1Post the norm attention writes through
/// @param ln2 the norm the MLP reads through
/// @param ln2Post the norm the MLP writes through
public record BlockSpec(
    AttentionSpec attention,
    MlpSpec mlp,
    Wiring wiring,
    NormSpec ln1,
    NormSpec ln1Post,
    NormSpec ln2,
    NormSpec ln2Post) {

  /// In which order attention and MLP meet the stream.
  public enum Wiring {
    /// The MLP reads what attention wrote.
    SEQUENTIAL,
    /// Both read the same stream (GPT-J, GPT-NeoX).
    PARALLEL,
    /// Both read the same stream through the same norm (Phi).
    PARALLEL_SHARED_NORM
  }
}
