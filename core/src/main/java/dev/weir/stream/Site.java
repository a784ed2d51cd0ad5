package dev.weir.stream;

/// Where a sublayer, or the unembedding, meets the stream: the depth axis has one site for each
/// reader.
///
/// @param layer the block, from 0; of the unembedding, -1
/// @param sublayer which of its sublayers
public record Site(int layer, Sublayer sublayer) {

  /// Who reads the stream.
  public enum Sublayer {
    /// A short mixer of neighbouring positions, before attention: few models have one.
    LOCAL,
    /// Attention: mixes along the sequence.
    ATTENTION,
    /// The multi-layer perceptron: works on each position alone.
    MLP,
    /// The unembedding, through the final norm: the one reader that writes nothing.
    UNEMBED
  }

  /// Where the local mixer meets the stream in a block.
  ///
  /// @param layer the block, from 0
  public static Site local(int layer) {
    return new Site(layer, Sublayer.LOCAL);
  }

  /// Where attention meets the stream in a block.
  ///
  /// @param layer the block, from 0
  public static Site attention(int layer) {
    return new Site(layer, Sublayer.ATTENTION);
  }

  /// Where the MLP meets the stream in a block.
  ///
  /// @param layer the block, from 0
  public static Site mlp(int layer) {
    return new Site(layer, Sublayer.MLP);
  }

  /// Where the stream ends.
  public static Site unembed() {
    return new Site(-1, Sublayer.UNEMBED);
  }

  /// What names begin with that belong here, for instance `blocks.3.mlp` or `final`.
  public String path() {
    return switch (sublayer) {
      case LOCAL -> "blocks.%d.local".formatted(layer);
      case ATTENTION -> "blocks.%d.attn".formatted(layer);
      case MLP -> "blocks.%d.mlp".formatted(layer);
      case UNEMBED -> "final";
    };
  }

  /// The place of what is written here.
  ///
  /// @throws IllegalStateException at the unembedding, which writes nothing
  public HookPoint out() {
    return switch (sublayer) {
      case LOCAL -> new HookPoint.LocalOut(layer);
      case ATTENTION -> new HookPoint.AttnOut(layer);
      case MLP -> new HookPoint.MlpOut(layer);
      case UNEMBED -> throw new IllegalStateException("the unembedding writes nothing");
    };
  }
}
