package dev.weir.stream;

/// Where a sublayer meets the stream: the depth axis has one site for each write.
///
/// @param layer the block, from 0
/// @param sublayer which of its sublayers
public record Site(int layer, Sublayer sublayer) {

  /// A branch of a block that reads the stream and writes to it.
  public enum Sublayer {
    /// Attention: mixes along the sequence.
    ATTENTION,
    /// The multi-layer perceptron: works on each position alone.
    MLP
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

  /// The place of what is read here.
  public HookPoint in() {
    return switch (sublayer) {
      case ATTENTION -> new HookPoint.AttnIn(layer);
      case MLP -> new HookPoint.MlpIn(layer);
    };
  }

  /// The place of what is written here.
  public HookPoint out() {
    return switch (sublayer) {
      case ATTENTION -> new HookPoint.AttnOut(layer);
      case MLP -> new HookPoint.MlpOut(layer);
    };
  }
}
