package dev.weir.stream;

/// What those who write to the stream are called, in tables, files and links.
public final class WriterLabels {

  private WriterLabels() {}

  /// What a sublayer writes: `3_attn_out`, `3_mlp_out`, `3_local_out`.
  ///
  /// @param site the sublayer
  public static String write(Site site) {
    return switch (site.sublayer()) {
      case LOCAL -> site.layer() + "_local_out";
      case ATTENTION -> site.layer() + "_attn_out";
      case MLP -> site.layer() + "_mlp_out";
      case UNEMBED -> "unembed";
    };
  }

  /// What a head writes: `L3H2`.
  ///
  /// @param layer the block
  /// @param head which of its heads
  public static String head(int layer, int head) {
    return "L%dH%d".formatted(layer, head);
  }

  /// What a neuron writes: `L3N140`.
  ///
  /// @param layer the block
  /// @param neuron which of its neurons
  public static String neuron(int layer, int neuron) {
    return "L%dN%d".formatted(layer, neuron);
  }

  /// What attention writes whatever the text: `3_attn_bias`.
  ///
  /// @param attention where it writes
  public static String attentionBias(Site attention) {
    return attention.layer() + "_attn_bias";
  }

  /// What the pathway itself adds at a sublayer: `3_mlp_pathway_bias`.
  ///
  /// @param site the sublayer
  public static String pathwayBias(Site site) {
    return write(site).replace("_out", "_pathway_bias");
  }
}
