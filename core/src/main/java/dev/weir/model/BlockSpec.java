package dev.weir.model;

import java.util.function.UnaryOperator;

/// How one block is put together.
///
/// @param attention its attention
/// @param mlp its MLP
/// @param wiring in which order the two meet the stream
/// @param ln1 the norm attention reads through
/// @param ln1Post the norm attention writes through
/// @param ln2 the norm the MLP reads through
/// @param ln2Post the norm the MLP writes through
/// @param local what mixes neighbouring positions beside attention
public record BlockSpec(
    AttentionSpec attention,
    MlpSpec mlp,
    Wiring wiring,
    NormSpec ln1,
    NormSpec ln1Post,
    NormSpec ln2,
    NormSpec ln2Post,
    LocalMixing local) {

  /// A block without local mixing.
  ///
  /// @param attention its attention
  /// @param mlp its MLP
  /// @param wiring in which order the two meet the stream
  /// @param ln1 the norm attention reads through
  /// @param ln1Post the norm attention writes through
  /// @param ln2 the norm the MLP reads through
  /// @param ln2Post the norm the MLP writes through
  public BlockSpec(
      AttentionSpec attention,
      MlpSpec mlp,
      Wiring wiring,
      NormSpec ln1,
      NormSpec ln1Post,
      NormSpec ln2,
      NormSpec ln2Post) {
    this(attention, mlp, wiring, ln1, ln1Post, ln2, ln2Post, LocalMixing.none());
  }

  /// In which order attention and MLP meet the stream.
  public enum Wiring {
    /// The MLP reads what attention wrote.
    SEQUENTIAL,
    /// Both read the same stream (GPT-J, GPT-NeoX).
    PARALLEL,
    /// Both read the same stream through the same norm (Phi).
    PARALLEL_SHARED_NORM
  }

  /// The same block with other attention.
  ///
  /// @param other how its attention is put together
  public BlockSpec withAttention(AttentionSpec other) {
    return new BlockSpec(other, mlp, wiring, ln1, ln1Post, ln2, ln2Post, local);
  }

  /// The same block with another MLP.
  ///
  /// @param other how its MLP is put together
  public BlockSpec withMlp(MlpSpec other) {
    return new BlockSpec(attention, other, wiring, ln1, ln1Post, ln2, ln2Post, local);
  }

  /// The same block with other local mixing.
  ///
  /// @param other what mixes neighbouring positions
  public BlockSpec withLocal(LocalMixing other) {
    return new BlockSpec(attention, mlp, wiring, ln1, ln1Post, ln2, ln2Post, other);
  }

  /// Whether attention and MLP read the same stream.
  public boolean parallel() {
    return wiring != Wiring.SEQUENTIAL;
  }

  /// Whether it has an MLP.
  public boolean hasMlp() {
    return !(mlp instanceof MlpSpec.NoMlp);
  }

  /// The same block with each norm changed.
  ///
  /// @param change what to do to a norm
  public BlockSpec mapNorms(UnaryOperator<NormSpec> change) {
    return new BlockSpec(
        attention,
        mlp,
        wiring,
        change.apply(ln1),
        change.apply(ln1Post),
        change.apply(ln2),
        change.apply(ln2Post),
        local.withSublayer(local.sublayer(), change.apply(local.ln0())));
  }
}
